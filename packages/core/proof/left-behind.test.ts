import { existsSync, readdirSync } from 'node:fs';
import { keeperPaths } from '../dist/protocol/paths';
import { Project, type Run } from '../test/project';
import { until } from '../test/until';

// A runner that is killed before its worker has loaded Seamkit: the worker's parent is then whoever
// adopts orphans, and it must not be taken for the runner.

jest.setTimeout(120_000);

let project: Project;

beforeEach(() => {
  project = new Project();
  // Nothing of ours is loaded until the parent is another; then the file does what any file does.
  project.bare(
    'orphan.test.js',
    `
    const { ppid } = process;
    mark('waiting', String(process.pid));
    const test = globalThis.test ?? require('node:test').test;
    test('goes on without its runner', async () => {
      for (let waited = 0; process.ppid === ppid && waited < 30_000; waited += 20) await delay(20);
      const { open } = require(core);
      const { shelf } = require(kit);
      const outcome = await open({ it: shelf() }).then(() => 'opened', (error) => error.code);
      mark('outcome', outcome);
    }, 60_000);
    `,
  );
  // A second one, as Jest and Vitest run a single file without a worker.
  project.bare(
    'other.test.js',
    `(globalThis.test ?? require('node:test').test)('waits', () => delay(60_000), 90_000);`,
  );
});

afterEach(() => project.remove());

const runners: Record<string, () => Run> = {
  Jest: () => project.jest('-w', '2'),
  Vitest: () => project.vitest('--globals', '--pool=forks', '--maxWorkers=2'),
  'node:test': () => project.nodeTest('orphan.test.js', 'other.test.js'),
};

test.each(Object.keys(runners))('an orphan of %s starts nothing', async (name) => {
  const run = runners[name]!();
  await until(() => project.marked('waiting'), 'a worker to come', 30_000);
  process.kill(run.pid, 'SIGKILL');
  // Some workers end with their runner by themselves, which serves as well.
  await until(
    () => project.marked('outcome') || !existsSync(`/proc/${project.mark('waiting')}`),
    'the orphan to try, or to end',
    60_000,
  );
  try {
    if (project.marked('outcome')) expect(project.mark('outcome')).toBe('KEEPER_FAILED');
    expect(readdirSync(keeperPaths(project.folder).folder)).toEqual([]);
  } finally {
    try {
      process.kill(-run.pid, 'SIGKILL');
    } catch {
      // All of its group has ended.
    }
    await run.ended;
  }
});

test('a worker whose runner is its container’s first process is no orphan', async () => {
  // Processes of its own number space, as in a container: the runner is process 1 there.
  project.file(
    'shelf.test.js',
    `
    const env = use({ it: shelf() });
    require('node:test').test('opens', async () => {
      mark('parent', String(process.ppid));
      await caller(env.it.url)('PUT', '/key', 'value');
    });
    `,
  );
  const own = project.firstProcess('--test', 'shelf.test.js');
  if (!own) return console.info('not tried: a runner as process 1 (unshare --pid is not allowed)');
  expect([await own.ended, own.output]).toEqual([0, expect.stringMatching(/pass 1\n/)]);
  expect(project.mark('parent')).toBe('1');
});
