import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testUnless } from '@seamkit/test-run';

const missing = process.getuid?.() !== 0 && 'only root can be a user without a name';

// As in a container that is run as a bare number: docker run --user 54321.
testUnless(missing)('a user without a name hears what to do', () => {
  const uid = 54_321;
  const home = mkdtempSync(join(tmpdir(), 'seamkit-nameless-'));
  chownSync(home, uid, uid);
  const { SEAMKIT_WORKSPACE: _, ...inherited } = process.env;
  const script = `
    const { open } = require('@seamkit/core');
    const { postgres } = require('@seamkit/postgres');
    open({ db: postgres() }).catch((error) => console.log(error.code + ': ' + error.message));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    uid,
    gid: uid,
    cwd: __dirname,
    encoding: 'utf8',
    env: {
      ...inherited,
      HOME: home,
      XDG_CACHE_HOME: home,
      XDG_RUNTIME_DIR: home,
      SEAMKIT_CACHE: home,
      SEAMKIT_WORKSPACE: home,
      SEAMKIT_RUNTIME: 'process',
      SEAMKIT_LINGER: '0',
    },
  });
  rmSync(home, { recursive: true, force: true, maxRetries: 20 });
  expect([stdout, stderr]).toEqual([
    expect.stringMatching(/^START_FAILED: user 54321 has no name here.*insists on one/),
    expect.anything(),
  ]);
  expect(stdout).toContain('/etc/passwd');
});
