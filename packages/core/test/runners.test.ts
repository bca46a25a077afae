import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Project } from './project';

// One test file, unchanged, under each runner. It finds `test` as a global or in node:test.
const file = `
  const { strictEqual: equal, deepStrictEqual: same } = require('node:assert/strict');
  const test = globalThis.test ?? require('node:test').test;
  const env = use({ it: shelf({ prepare: (url) => caller(url)('PUT', '/kept', 'as it was') }) });
  const entries = async () => JSON.parse(await caller(env.it.url)('GET', ''));

  for (const round of [1, 2]) {
    test('round ' + round, async () => {
      same(await entries(), [['kept', 'as it was']]);
      await caller(env.it.url)('PUT', '/kept', 'changed in round ' + round);
      await caller(env.it.url)('PUT', '/more', 'added');
      equal((await entries()).length, 2);
    });
  }
`;

let project: Project;

beforeEach(() => {
  project = new Project();
  project.file('shelf.test.js', file);
});

afterEach(() => project.remove());

test('Jest', async () => {
  const run = project.jest();
  expect([await run.ended, run.output]).toEqual([0, expect.stringMatching(/Tests:\s+2 passed/)]);
});

test('node:test', async () => {
  const run = project.nodeTest('shelf.test.js');
  expect([await run.ended, run.output]).toEqual([0, expect.stringMatching(/pass 2\n/)]);
});

test('Vitest, with globals', async () => {
  const run = project.vitest('--globals');
  expect([await run.ended, run.output]).toEqual([0, expect.stringMatching(/Tests\s+2 passed/)]);
});

test('Vitest, without globals', async () => {
  writeFileSync(
    join(project.folder, 'shelf.test.mjs'),
    `
    import { expect, test } from 'vitest';
    import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    const core = require(${JSON.stringify(require.resolve('@seamkit/core'))});
    const kit = require(${JSON.stringify(require.resolve('./shelf/kit'))});
    const env = core.use({ it: kit.shelf() });
    const entries = async () => JSON.parse(await kit.caller(env.it.url)('GET', ''));
    test.each([1, 2])('round %i', async () => {
      expect(await entries()).toEqual([]);
      await kit.caller(env.it.url)('PUT', '/key', 'value');
    });
  `,
  );
  const run = project.vitest('shelf.test.mjs');
  expect([await run.ended, run.output]).toEqual([0, expect.stringMatching(/Tests\s+2 passed/)]);
});

describe('Mocha', () => {
  // It would end a hook after 1 ms.
  const short = ['--timeout', '1'];
  const suite = `
    describe('a suite', function () {
      this.timeout(10_000);
      before(() => caller(env.it.url)('PUT', '/seed', 'of a hook'));
      for (const round of [1, 2]) {
        it('round ' + round, async () => {
          equal(await caller(env.it.url)('GET', ''), '[["seed","of a hook"]]');
          await caller(env.it.url)('PUT', '/more', 'of a test');
        });
      }
    });
    describe('another suite of the same file', () => {
      it('has the same sandbox', async function () {
        this.timeout(10_000);
        equal(await caller(env.it.url)('GET', '/seed'), 'of a hook');
        mark('sandboxes-' + env.it.name, '');
      });
    });`;

  test('each file has its boundaries, though what a file declares is for all', async () => {
    const head = "const { strictEqual: equal } = require('node:assert');\n";
    for (const name of ['one.js', 'two.js']) {
      project.file(name, `${head} const env = use({ it: shelf() }); ${suite}`);
    }
    // Were both open at once, each would have a sandbox of its own.
    const run = project.mocha(...short, 'one.js', 'two.js');
    expect([await run.ended, run.output]).toEqual([0, expect.stringMatching(/6 passing/)]);
    expect(project.marks('sandboxes-')).toHaveLength(1);
  });

  test('a file without suites, and a use() inside of one', async () => {
    project.file(
      'flat.js',
      `const env = use({ it: shelf() });
      for (const name of ['one', 'two']) {
        it(name, async function () {
          this.timeout(10_000);
          if (await caller(env.it.url)('GET', '') !== '[]') throw new Error('not empty');
          await caller(env.it.url)('PUT', '/key', name);
        });
      }
      describe('inside', () => {
        const own = use({ it: shelf() });
        it('has another sandbox', () => {
          if (own.it.name === env.it.name) throw new Error('the same');
        });
      });`,
    );
    const run = project.mocha(...short, 'flat.js');
    expect([await run.ended, run.output]).toEqual([0, expect.stringMatching(/3 passing/)]);
  });

  test('its workers share one server, and prepare once', async () => {
    const body = (name: string) => `
      const env = use({ it: shelf({ prepare: () => mark('prepared-' + process.pid) }) });
      describe('${name}', () => {
        it('is prepared', () => mark('pid-' + process.pid, env.it.url));
      });`;
    for (const name of ['one.js', 'two.js']) project.file(name, body(name));
    const run = project.mocha('--parallel', '--jobs', '2', 'one.js', 'two.js');
    expect([await run.ended, run.output]).toEqual([0, expect.stringMatching(/2 passing/)]);
    expect(project.marks('prepared-')).toHaveLength(1);
  });
});

test('node:test, by node alone', async () => {
  const run = project.node('shelf.test.js');
  expect([await run.ended, run.output]).toEqual([0, expect.stringMatching(/pass 2\n/)]);
});

test('hooks that are passed', async () => {
  project.file(
    'passed.js',
    `
    const hooks = require('node:test');
    delete process.env.NODE_TEST_CONTEXT;
    const env = use({ it: shelf() }, { hooks });
    hooks.test('passes', () => caller(env.it.url)('GET', ''));
  `,
  );
  const run = project.nodeTest('passed.js');
  expect([await run.ended, run.output]).toEqual([0, expect.stringMatching(/pass 1\n/)]);
});

test('no runner: a script hears to use open()', async () => {
  project.file(
    'script.js',
    `
    try { use({ it: shelf() }); } catch (error) { console.log(error.code, error.hint); }
  `,
  );
  const run = project.node('script.js');
  expect([await run.ended, run.output]).toEqual([
    0,
    expect.stringMatching(/^RUNNER_UNKNOWN .*open\(\)/),
  ]);
});

test('in a script, open() keeps no process waiting', async () => {
  const core = JSON.stringify(require.resolve('@seamkit/core'));
  project.file(
    'script.js',
    `
    require(${core}).open({ it: shelf() }).then((env) => console.log('opened', env.it.name));
  `,
  );
  const run = project.node('script.js'); // it never closes
  expect([await run.ended, run.output]).toEqual([0, expect.stringMatching(/^opened seamkit_/)]);
});
