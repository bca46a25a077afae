import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { belongings, type Entry, keeperStatus, leftovers } from '@seamkit/core/inspect';
import { describeUnless, testUnless } from '@seamkit/test-run';
import { keeperPaths } from '../dist/protocol/paths';
import { dyingWithUs } from '../dist/runtime/dying-with-us';
import { isAlive } from '../dist/system/process-identity';
import { leashOf } from '../test/leash';
import { Project } from '../test/project';
import { until } from '../test/until';

// What `kill -9` of any one process leaves behind: nothing, 5 s after the end of the run.
const grace = 5_000;

// It starts many processes, one after another.
jest.setTimeout(180_000);

const twoFiles = ['one', 'two'];
let project: Project;

beforeEach(() => {
  project = new Project();
  writeFiles("for (;;) await Promise.all([delay(20), caller(env.it.url)('GET', '/key')]);");
});

/** Two files with a test each, which does this work until somebody ends it. */
function writeFiles(work: string): void {
  for (const name of twoFiles) {
    project.file(
      `${name}.test.js`,
      `
      const env = use({ it: shelf() });
      test('is in the middle of its work', async () => {
        await caller(env.it.url)('PUT', '/key', 'value');
        mark('${name}', String(process.pid));
        if (process.env.SHORT) return;
        ${work}
      }, 60_000);
      `,
    );
  }
}

afterEach(() => project.remove());

/** A keeper's folder goes once nothing is in it; a keeper killed before it has a leash leaves it. */
const isEmpty = (folder: string) => !existsSync(folder) || readdirSync(folder).length === 0;

const victims: Record<string, (run: { pid: number }, owned: Entry[]) => Promise<number>> = {
  worker: async () => Number(project.mark('one')),
  runner: async ({ pid }) => pid,
  keeper: async () => (await keeperStatus(project.folder))!.pid,
  server: async (_run, owned) => {
    const server = owned.find((entry) => entry.kind === 'group');
    return Number((server as { leader: string }).leader.split(':')[0]);
  },
};

test.each(Object.keys(victims))(
  'kill -9 of the %s leaves nothing, and the next run passes',
  async (name) => {
    const run = project.jest('-w', '2');
    await until(() => twoFiles.every((file) => project.marked(file)), 'both files to run', 30_000);
    const owned = belongings(project.folder);
    // Locks of its port and, where we are root, of its servers' user.
    expect([...new Set(owned.map(({ kind }) => kind))].sort()).toEqual(['folder', 'group', 'lock']);

    process.kill(await victims[name]!(run, owned), 'SIGKILL');
    if (name === 'worker') process.kill(run.pid, 'SIGINT'); // Jest would go on with the other file
    await run.ended;
    await until(
      async () => (await leftovers(owned)).length === 0,
      'all that was owned to be gone',
      grace,
    );
    await until(
      () => !existsSync(keeperPaths(project.folder).socket),
      'the socket to be gone',
      grace,
    );

    process.env.SHORT = '1';
    try {
      const next = project.jest('-w', '2');
      expect([await next.ended, next.output]).toEqual([0, expect.stringContaining('2 passed')]);
    } finally {
      delete process.env.SHORT;
    }
  },
);

describeUnless(process.platform !== 'linux' && 'whose leash a process is stands in /proc')(
  'on Linux',
  () => {
    test('keeper and leash killed in one instant: what they had is gone while the run lives, and another takes their place', async () => {
      writeFiles('await delay(60_000);'); // a call to a dead server would end the run
      const run = project.jest('-w', '2');
      await until(
        () => twoFiles.every((file) => project.marked(file)),
        'both files to run',
        30_000,
      );
      const owned = belongings(project.folder);
      const { folder } = keeperPaths(project.folder);
      const { pid } = (await keeperStatus(project.folder))!;
      const leash = leashOf(pid)!;
      process.kill(pid, 'SIGSTOP'); // else it could replace its leash
      process.kill(leash, 'SIGKILL');
      process.kill(pid, 'SIGKILL');
      await until(async () => (await leftovers(owned)).length === 0, 'all to be gone', grace);
      process.kill(-run.pid, 'SIGKILL');
      await run.ended;
      await until(() => isEmpty(folder), 'its files to be gone', grace);
    });

    testUnless(dyingWithUs().length === 0 && 'setpriv --pdeathsig is missing')(
      'a server dies with its keeper by itself, with nobody there who ends it',
      async () => {
        const run = project.jest('-i', 'one');
        await until(() => project.marked('one'), 'the file to run', 30_000);
        const server = belongings(project.folder).find((entry) => entry.kind === 'group');
        const { leader } = server as { leader: string };
        const { pid } = (await keeperStatus(project.folder))!;
        const leash = leashOf(pid)!;
        process.kill(leash, 'SIGSTOP');
        process.kill(run.pid, 'SIGSTOP');
        process.kill(pid, 'SIGKILL');
        try {
          await until(() => !isAlive(leader), 'the server to die', grace);
        } finally {
          process.kill(leash, 'SIGCONT');
          process.kill(-run.pid, 'SIGKILL');
          await run.ended;
        }
      },
    );
  },
);

test('kill -9 of a keeper in the instant in which it comes leaves nothing', async () => {
  const { folder, lock } = keeperPaths(project.folder);
  // The instant is made to last: it has no leash yet while it clears up after a dead one, whose
  // engine does not answer.
  const dead = join(folder, 'run-dead');
  mkdirSync(join(dead, 'ledger'), { recursive: true });
  const library = join(dead, 'engine.js');
  writeFileSync(
    library,
    'exports.getContainerRuntimeClient = () => new Promise(() => setInterval(() => {}, 1_000));',
  );
  const entry = { kind: 'containers', label: 'some', library };
  writeFileSync(join(dead, 'ledger', 'entry.json'), JSON.stringify(entry));

  const run = project.jest('-i', 'one');
  await until(() => existsSync(lock), 'the keeper to come', 30_000);
  process.kill(Number(readFileSync(lock, 'utf8').split(':')[0]), 'SIGKILL');
  expect(await run.ended).toBe(1);
  expect(run.output).toContain('KEEPER_FAILED');
  rmSync(dead, { recursive: true });
  await until(() => isEmpty(folder), 'its files to be gone', grace);
});

test('the keeper ends by itself a few seconds after the last session, and takes everything along', async () => {
  process.env.SHORT = '1';
  try {
    const run = project.jest('-w', '2');
    expect(await run.ended).toBe(0);
  } finally {
    delete process.env.SHORT;
  }
  const owned = belongings(project.folder);
  expect(owned.length).toBeGreaterThan(0); // it lingers, warm
  const { folder } = keeperPaths(project.folder);
  await until(async () => (await leftovers(owned)).length === 0, 'the keeper to end', grace);
  await until(() => !existsSync(folder), 'its folder to be gone', grace);
});

test("a run's own exit code is what it would be without us", async () => {
  project.file(
    'fails.test.js',
    `use({ it: shelf() }); test('fails', () => { throw new Error('on purpose'); });`,
  );
  expect(await project.jest('fails').ended).toBe(1);
  project.file('node.js', `use({ it: shelf() }); require('node:test').test('passes', () => {});`);
  expect(await project.nodeTest('node.js').ended).toBe(0);
});
