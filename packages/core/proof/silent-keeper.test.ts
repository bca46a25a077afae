import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { open } from '@seamkit/core';
import { belongings, keeperStatus, leftovers } from '@seamkit/core/inspect';
import { describeUnless } from '@seamkit/test-run';
import { keeperPaths } from '../dist/protocol/paths';
import { leashOf } from '../test/leash';
import { caller, shelf } from '../test/shelf/kit';
import { until } from '../test/until';
import { emptyWorkspace, endKeeper } from '../test/workspace';

// A keeper that is stopped, or hangs, answers nobody: nobody waits for it for ever.

emptyWorkspace();
jest.setTimeout(120_000);
afterEach(() => jest.restoreAllMocks());

const workspace = () => process.env.SEAMKIT_WORKSPACE!;
const command = join(__dirname, '../bin/seamkit.js');

/** Stops the workspace's keeper and, so that only who waits is left to notice, its leash. */
async function stop({ leash }: { leash: boolean }): Promise<void> {
  const { pid } = (await keeperStatus(workspace()))!;
  if (leash) process.kill(leashOf(pid)!, 'SIGSTOP');
  process.kill(pid, 'SIGSTOP');
}

/** Lets stopped leashes go on with what they were there for. */
function goOn(leash: number | undefined): void {
  if (leash !== undefined) process.kill(leash, 'SIGCONT');
}

describeUnless(process.platform !== 'linux' && 'whose leash a process is stands in /proc')(
  'on Linux',
  () => {
    test('who waits reads so; the keeper is ended and replaced, and the run goes on', async () => {
      const lines: string[] = [];
      jest.spyOn(process.stderr, 'write').mockImplementation((line) => !!lines.push(String(line)));
      await using env = await open({ it: shelf({ spend: true }) });
      const before = (await keeperStatus(workspace()))!.pid;
      const leash = leashOf(before);
      await stop({ leash: true });

      await using other = await open({ it: shelf() });
      expect((await keeperStatus(workspace()))!.pid).not.toBe(before);
      await caller(other.it.url)('PUT', '/key', 'value');
      expect(lines.join('')).toContain(`waiting for the keeper (process ${before})`);

      // What was opened before has lost its server, and gets another.
      await env.reset();
      await caller(env.it.url)('PUT', '/key', 'value');
      goOn(leash);
    });

    test('a call in a session fails with a code', async () => {
      await endKeeper(workspace());
      await using env = await open({ it: shelf() });
      const leash = leashOf((await keeperStatus(workspace()))!.pid);
      await stop({ leash: true });
      await expect(keeperStatus(workspace())).rejects.toMatchObject({ code: 'KEEPER_FAILED' });
      goOn(leash);
      await env.close();
    });

    test.each([['ps'], ['clean', '--cache'], ['down'], ['url', 'shelf']])(
      'seamkit %s does not wait for it',
      async (...args) => {
        await using _env = await open({ it: shelf() });
        const { pid } = (await keeperStatus(workspace()))!;
        const leash = leashOf(pid);
        await stop({ leash: true });
        // With a cache of its own: to measure the user's may take long.
        const cache = mkdtempSync(join(tmpdir(), 'seamkit-cache-'));
        chmodSync(cache, 0o755);
        const run = promisify(execFile)(process.execPath, [command, ...args], {
          cwd: workspace(),
          env: { ...process.env, SEAMKIT_CACHE: cache },
          timeout: 60_000,
        });
        try {
          await run.catch(({ killed }) => expect(killed).toBe(false));
        } finally {
          goOn(leash);
          rmSync(cache, { recursive: true });
        }
      },
    );

    test('with nobody there who waits, its leash ends it and clears up', async () => {
      const env = await open({ it: shelf() });
      const owned = belongings(workspace());
      await stop({ leash: false });
      await env.close(); // waits for an answer, too
      await until(async () => (await leftovers(owned)).length === 0, 'all to be gone', 40_000);
    });

    test('one that is stopped before it answers anybody is replaced', async () => {
      await endKeeper(workspace());
      // The moment is made to last: it clears up after a dead one, whose engine does not answer.
      const { folder, lock } = keeperPaths(workspace());
      const dead = join(folder, 'run-dead');
      mkdirSync(join(dead, 'ledger'), { recursive: true });
      const library = join(dead, 'engine.js');
      writeFileSync(
        library,
        'exports.getContainerRuntimeClient = () => new Promise(() => setInterval(() => {}, 1_000));',
      );
      const entry = { kind: 'containers', label: 'some', library };
      writeFileSync(join(dead, 'ledger', 'entry.json'), JSON.stringify(entry));

      const opening = open({ it: shelf() });
      opening.catch(() => {}); // looked at below
      await until(() => existsSync(lock), 'a keeper to come', 30_000);
      const pid = Number(readFileSync(lock, 'utf8').split(':')[0]);
      process.kill(pid, 'SIGSTOP');
      rmSync(dead, { recursive: true });
      // Whoever started it hears that it ended, with a code; or another has taken its place by then.
      await opening.then(
        (env) => env.close(),
        (error) => expect(error).toMatchObject({ code: 'KEEPER_FAILED' }),
      );
      await using env = await open({ it: shelf() });
      await caller(env.it.url)('PUT', '/key', 'value');
    });
  },
);
