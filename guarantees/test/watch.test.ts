import { Bystanders, Project, runnerNames, runners, Watch } from '../src';

// That the pieces work at all: a run that is left in peace, seen and gone, and bystanders that are
// seen to be harmed.

// Each step has a deadline of its own.
jest.setTimeout(180_000);

let project: Project | undefined;
afterEach(() => project?.remove());

test.each(runnerNames)('a run under %s is seen, ends well and leaves nothing', async (runner) => {
  project = new Project({ runner, runtime: 'process' });
  const watch = new Watch(project);
  const run = project.start();
  const pids = await project.busy(run);
  expect(new Set(pids).size).toBe(2);

  const { keeper, leash, servers } = await watch.look();
  expect([keeper, leash].every(Boolean)).toBe(true);
  expect(servers).toHaveLength(1);
  const seen = (await watch.left()).join('\n');
  for (const word of ['process', 'folder', 'socket', 'run-', 'lock']) expect(seen).toContain(word);

  project.tell('stop');
  expect([await run.ended, run.output]).toEqual([0, expect.any(String)]);
  await watch.nothingLeft(5_000);
  const next = await project.shortRun();
  if (next.ending !== 0) throw new Error(`the next run ended with ${next.ending}:\n${next.output}`);
  await watch.nothingLeft(5_000);
});

test('bystanders notice what happens to them', async () => {
  const bystanders = await Bystanders.plant({ runner: 'node', runtime: 'process' });
  expect(await bystanders.harmed()).toEqual([]);
  const inner = bystanders as unknown as { stranger: { pid: number } };
  process.kill(inner.stranger.pid, 'SIGKILL');
  expect(await bystanders.harmed()).toEqual(['gone: a process']);
  expect(await bystanders.remove()).toBe(0);
});

test('there are three runners', () => {
  expect(Object.values(runners).map(({ title }) => title)).toEqual(['Jest', 'Vitest', 'node:test']);
});
