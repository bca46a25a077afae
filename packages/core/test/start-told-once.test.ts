import { Project, type Run } from './project';

// What keeps a file's boundaries from starting is told in full once for the file, and no hook that
// needs them tells another story.

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.remove());

const body = `
  const env = use({ it: shelf({ prepare: () => { throw new Error(['no', 'table'].join(' ')); } }) });
  beforeAll(() => caller(env.it.url)('PUT', '/key', 'of a hook'));
  test.skip('left out', () => {});
  describe('several', () => {
    for (const name of ['one', 'two', 'three']) test(name, () => mark(name));
  });
`;

const told = ({ output }: Run) => output.match(/prepare failed: no table/g)?.length ?? 0;

test('under Jest', async () => {
  project.file('it.test.js', body);
  const run = project.jest();
  expect(await run.ended).toBe(1);
  expect(told(run)).toBe(1);
  expect(run.output).toContain('3 failed, 1 skipped, 4 total');
  expect(run.output.match(/not run: see PREPARE_FAILED at this file's first test/g)).toHaveLength(
    2,
  );
  expect(run.output).not.toContain('has not started');
  expect(project.marks('')).toEqual([]);
});

test('under Vitest', async () => {
  project.file('it.test.js', body);
  const run = project.vitest('--globals');
  expect(await run.ended).toBe(1);
  expect(told(run)).toBe(1);
  expect(run.output).not.toContain('has not started');
});
