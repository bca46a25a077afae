import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keeperStatus } from '@seamkit/core/inspect';

/** Gives this test file a workspace of its own, `SEAMKIT_WORKSPACE`, with a keeper of its own. */
export function emptyWorkspace(): void {
  beforeAll(() => {
    process.env.SEAMKIT_WORKSPACE = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-test-')));
  });
  afterAll(async () => {
    const status = await keeperStatus(process.env.SEAMKIT_WORKSPACE!);
    if (status) process.kill(status.pid, 'SIGTERM');
    rmSync(process.env.SEAMKIT_WORKSPACE!, { recursive: true });
    delete process.env.SEAMKIT_WORKSPACE;
  });
}
