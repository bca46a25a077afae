import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Project } from './project';

// Where relative paths of options begin: at the package of the file that makes the boundary.

let project: Project;

beforeEach(() => {
  project = new Project();
  mkdirSync(join(project.folder, 'packages/orders/test'), { recursive: true });
  writeFileSync(join(project.folder, 'packages/orders/package.json'), '{}');
});
afterEach(() => project.remove());

const orders = () => join(project.folder, 'packages/orders');

test.each([
  ['a call at the top of a file', 'module.exports = shelf();'],
  ['a call in a function that another package calls', 'module.exports = (() => shelf())();'],
  ['a call by a built-in function', 'module.exports = [{}].map((options) => shelf(options))[0];'],
  ['a factory that is itself the callback', 'module.exports = [{}].map(shelf)[0];'],
])('%s', async (_what, body) => {
  project.file('packages/orders/test/boundary.js', body);
  project.bare('main.js', "mark('folder', require('./packages/orders/test/boundary.js').folder);");
  expect(await project.node('main.js').ended).toBe(0);
  expect(project.mark('folder')).toBe(orders());
});

test('an ES module', async () => {
  project.module(
    'packages/orders/test/boundary.mjs',
    `const { shelf } = require(${JSON.stringify(require.resolve('./shelf/kit'))});
     process.stdout.write(shelf().folder);`,
  );
  const run = project.node('packages/orders/test/boundary.mjs');
  expect([await run.ended, run.output]).toEqual([0, orders()]);
});

test('a test file below another folder than the one where its runner was started', async () => {
  project.file(
    'packages/orders/test/folder.test.js',
    `test('it', () => mark('folder', shelf().folder));`,
  );
  const run = project.jest();
  expect([await run.ended, run.output]).toEqual([0, expect.stringContaining('1 passed')]);
  expect(project.mark('folder')).toBe(orders());
});
