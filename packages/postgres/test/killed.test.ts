import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { keeperStatus } from '@seamkit/core/inspect';
import { testUnless } from '@seamkit/test-run';

/** ms. How fast it has to be is the kill matrix's to say. */
const deadline = 20_000;

// Linux has a list of what is there; elsewhere nothing could be counted.
const linux = testUnless(
  process.platform !== 'linux' && `no list of shared memory on ${process.platform}`,
);

let workspace: string;
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'seamkit-killed-'));
});
afterEach(async () => {
  const keeper = await keeperStatus(workspace);
  if (keeper) process.kill(keeper.pid, 'SIGTERM');
  rmSync(workspace, { recursive: true });
});

/** How many segments of System V shared memory a process has made. */
function segmentsOf(pid: number): number {
  const rows = readFileSync('/proc/sysvipc/shm', 'utf8').split('\n').slice(1);
  return rows.filter((row) => Number(row.trim().split(/\s+/)[4]) === pid).length;
}

const victims: [string, (pids: { server: number; keeper: number }) => number][] = [
  ['keeper', ({ keeper }) => keeper],
  ['server itself', ({ server }) => server],
];

linux.each(victims)(
  'the shared memory of a server goes when the %s is killed',
  async (_, victim) => {
    const script = `
    const { open } = require('@seamkit/core');
    const { keeperStatus } = require('@seamkit/core/inspect');
    const { postgres } = require('@seamkit/postgres');
    open({ db: postgres({ runtime: 'process' }) }).then(async ({ db }) => {
      const [{ path }] = await db.query("select current_setting('data_directory') as path");
      const [pid] = require('node:fs').readFileSync(path + '/postmaster.pid', 'utf8').split('\\n');
      const keeper = await keeperStatus(process.env.SEAMKIT_WORKSPACE);
      console.log(JSON.stringify({ server: Number(pid), keeper: keeper.pid }));
      process.exit();
    });`;
    // The keeper stays until it is looked at, however long that takes to come.
    const env = { ...process.env, SEAMKIT_WORKSPACE: workspace, SEAMKIT_LINGER: '60000' };
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
      cwd: __dirname,
      env,
    });
    const pids = JSON.parse(stdout);
    expect(segmentsOf(pids.server)).toBe(1);

    process.kill(victim(pids), 'SIGKILL');
    for (const start = performance.now(); segmentsOf(pids.server) > 0; await delay(20)) {
      expect(performance.now() - start).toBeLessThan(deadline);
    }
  },
);
