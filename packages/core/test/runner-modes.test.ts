import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Project } from './project';

// Ways to run a runner that have kept files from opening or from ending.

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.remove());

const passed = (count: string) => [0, expect.stringMatching(new RegExp(count))];

test('Jest with fake timers for every file', async () => {
  project.file(
    'shelf.test.js',
    `const env = use({ it: shelf() });
    test.each([1, 2])('round %i', () => caller(env.it.url)('PUT', '/key', 'value'));`,
  );
  project.jestConfig({ fakeTimers: { enableGlobally: true } });
  const run = project.jest();
  expect([await run.ended, run.output]).toEqual(passed('Tests:\\s+2 passed'));
});

test.each(['threads', 'forks', 'vmThreads', 'vmForks'])('Vitest, pool %s', async (pool) => {
  writeFileSync(
    join(project.folder, 'shelf.test.mjs'),
    `
    import { test } from 'vitest';
    import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    const core = require(${JSON.stringify(require.resolve('@seamkit/core'))});
    const kit = require(${JSON.stringify(require.resolve('./shelf/kit'))});
    const env = core.use({ it: kit.shelf() });
    test.each([1, 2])('round %i', () => kit.caller(env.it.url)('PUT', '/key', 'value'));`,
  );
  const run = project.vitest('--pool', pool, 'shelf.test.mjs');
  expect([await run.ended, run.output]).toEqual(passed('Tests\\s+2 passed'));
});

// A service closes in a hook that its file declares below use(): it must still find its sandbox.
const closing = `
  const env = use({ it: shelf() });
  const last = globalThis.afterAll ?? globalThis.after;
  const suite = globalThis.describe;
  suite('a file', () => {
    test('works', () => caller(env.it.url)('PUT', '/key', 'value'));
  });
  last(async () => {
    mark('closed', await caller(env.it.url)('GET', '/key'));
  });`;

test.each([
  ['Jest', () => project.jest()],
  ['Vitest', () => project.vitest('--globals', 'shelf.test.js')],
])('%s: hooks that end a file find their sandboxes', async (_name, start) => {
  project.file('shelf.test.js', closing);
  const run = start();
  expect([await run.ended, run.output]).toEqual([0, expect.anything()]);
  expect(project.mark('closed')).toBe('value');
});

test('Mocha: hooks that end a suite find their sandboxes', async () => {
  project.file(
    'shelf.test.js',
    `const env = use({ it: shelf() });
    describe('a file', () => {
      it('works', () => caller(env.it.url)('PUT', '/key', 'value'));
      after(async () => mark('closed', await caller(env.it.url)('GET', '/key')));
    });`,
  );
  const run = project.mocha('shelf.test.js');
  expect([await run.ended, run.output]).toEqual(passed('1 passing'));
  expect(project.mark('closed')).toBe('value');
});
