import { Project } from './project';

// A service that reads its url when it is loaded, and a test file that loads it at its top.

let project: Project;

beforeEach(() => {
  project = new Project();
  project.bare(
    'seamkit.config.js',
    `
    const { defineConfig } = require(core);
    const { caller, shelf } = require(kit);
    module.exports = defineConfig({
      boundaries: { it: shelf({ prepare: (url) => caller(url)('PUT', '/kept', 'as it was') }) },
      variables: ({ it }) => ({ SHELF_URL: it.url }),
    });`,
  );
  project.bare(
    'service.js',
    `
    const call = require(kit).caller(process.env.SHELF_URL);
    exports.entries = async () => JSON.parse(await call('GET', ''));
    exports.put = (key, value) => call('PUT', '/' + key, value);`,
  );
});
afterEach(() => project.remove());

const body = `
  const { deepStrictEqual: same } = require('node:assert/strict');
  const service = require('./service');
  const test = globalThis.test ?? globalThis.it ?? require('node:test').test;
  const describe = globalThis.describe ?? require('node:test').describe;
  const before = globalThis.beforeAll ?? globalThis.before ?? require('node:test').before;
  const env = use(require('./seamkit.config'));

  describe('a file', () => {
    before(() => service.put('seed', NAME));
    for (const round of [1, 2]) {
      test('round ' + round, async () => {
        same(await service.entries(), [['kept', 'as it was'], ['seed', NAME]]);
        same(process.env.SHELF_URL, env.it.url);
        await service.put('kept', 'changed');
        await service.put('more', 'of a test');
        mark('name-' + env.it.name);
      });
    }
  });`;

function twoFiles(): string[] {
  const files = ['one.test.js', 'two.test.js'];
  for (const file of files) project.file(file, body.replaceAll('NAME', `'of ${file}'`));
  return files;
}

const passed = (count: string) => [0, expect.stringMatching(new RegExp(count))];

const setUp = `module.exports = () => require(core).openAhead(require('./seamkit.config'));`;

test('Jest: a set-up file', async () => {
  twoFiles();
  project.bare('setup.js', setUp);
  const run = project.jest('--setupFilesAfterEnv', './setup.js', '--runInBand');
  expect([await run.ended, run.output]).toEqual(passed('Tests:\\s+4 passed'));
});

test('Vitest: a set-up file', async () => {
  twoFiles();
  project.module('setup.mjs', `await core.openAhead(require('./seamkit.config.js'));`);
  project.module(
    'vitest.config.mjs',
    `export default { test: { setupFiles: ['./setup.mjs'], globals: true } };`,
  );
  const run = project.vitest();
  expect([await run.ended, run.output]).toEqual(passed('Tests\\s+4 passed'));
});

test('node:test: a module that is imported first, in each process but the runner', async () => {
  project.module('setup.mjs', `await core.openAhead(require('./seamkit.config.js'));`);
  const run = project.nodeTest('--import', './setup.mjs', ...twoFiles());
  expect([await run.ended, run.output]).toEqual(passed('pass 4\\n'));
});

test('Mocha: a module that is required first; all files keep its sandbox, and begin at the same baseline', async () => {
  project.module('setup.mjs', `await core.openAhead(require('./seamkit.config.js'));`);
  const run = project.mocha('--require', './setup.mjs', ...twoFiles());
  expect([await run.ended, run.output]).toEqual(passed('4 passing'));
  expect(project.marks('name-')).toHaveLength(1);
});

test('a script: open() sets the variables, and close() takes them back', async () => {
  project.bare(
    'script.js',
    `
    process.env.SHELF_URL = 'before';
    const { open } = require(core);
    open(require('./seamkit.config')).then(async (env) => {
      console.log(process.env.SHELF_URL === env.it.url);
      await env.close();
      console.log(process.env.SHELF_URL);
    });`,
  );
  const run = project.node('script.js');
  expect([await run.ended, run.output]).toEqual([0, 'true\nbefore\n']);
});

test.each([
  ['no boundaries', 'defineConfig({})', 'defineConfig'],
  [
    'variables that are no function',
    'defineConfig({ boundaries: {}, variables: {} })',
    'defineConfig',
  ],
  ['what defineConfig did not make', 'openAhead({ boundaries: {} })', 'openAhead'],
])('%s: refused at once', async (_what, call, named) => {
  project.bare(
    'script.js',
    `
    const { defineConfig, openAhead } = require(core);
    (async () => ${call})().catch((error) => console.log(error.code, error.message));`,
  );
  const run = project.node('script.js');
  expect([await run.ended, run.output]).toEqual([
    0,
    expect.stringMatching(new RegExp(`^OPTION_INVALID ${named}`)),
  ]);
});
