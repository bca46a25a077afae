import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keeperStatus } from '@seamkit/core/inspect';
import { identify, isAlive } from '../dist/system/process-identity';
import { until } from './until';

/** Gives this test file a workspace of its own, `SEAMKIT_WORKSPACE`, with a keeper of its own. */
export function emptyWorkspace(): void {
  beforeAll(() => {
    process.env.SEAMKIT_WORKSPACE = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-test-')));
  });
  afterAll(async () => {
    await endKeeper(process.env.SEAMKIT_WORKSPACE!);
    rmSync(process.env.SEAMKIT_WORKSPACE!, { recursive: true });
    delete process.env.SEAMKIT_WORKSPACE;
  });
}

/** Resolves once a workspace has no keeper, which may have ended by itself. */
export async function endKeeper(workspace: string): Promise<void> {
  const status = await keeperStatus(workspace);
  const keeper = status && identify(status.pid);
  if (!keeper) return;
  try {
    process.kill(status.pid, 'SIGTERM');
  } catch {
    return; // just now
  }
  await until(() => !isAlive(keeper), 'the keeper to end', 30_000);
}
