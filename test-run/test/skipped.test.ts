import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// A run of Jest in a folder of this package, where its modules are found.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(__dirname, '../.example-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function jest(source: string, env: NodeJS.ProcessEnv = {}) {
  const here = {
    reporters: ['default', require.resolve('../dist/reporter')],
    testMatch: ['**/*.check.js'],
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ jest: here }));
  writeFileSync(
    join(folder, 'one.check.js'),
    `const { describeUnless, testUnless } = require(${JSON.stringify(require.resolve('../dist'))});\n${source}`,
  );
  const { status, stderr } = spawnSync(process.execPath, [require.resolve('jest/bin/jest')], {
    cwd: folder,
    env: {
      ...process.env,
      SEAMKIT_REQUIRE: '',
      SEAMKIT_TEST_RESULTS: join(folder, 'results'),
      npm_lifecycle_event: 'test',
      ...env,
    },
    encoding: 'utf8',
  });
  const [, name] = /([^/]+)$/.exec(folder)!;
  const result = JSON.parse(readFileSync(join(folder, `results/${name}-test.json`), 'utf8'));
  return { status, stderr, result };
}

const skipping = `
  test('runs', () => {});
  testUnless('no moon (a big one)')('shines', () => { throw new Error('ran'); });
  testUnless('no moon (a big one)').each([[1], [2]])('shines %s times', () => { throw new Error('ran'); });
  describeUnless('no engine answers\\nafter 3 s', 'container')('containers', () => { test('start', () => {}); });
`;

test('what is missing skips a test and is told', () => {
  const { status, result } = jest(skipping);
  expect(status).toBe(0);
  expect(result).toMatchObject({ passed: 1, failed: 0 });
  expect(result.skipped).toEqual([...Array(3).fill('no moon (a big one)'), 'no engine answers']);
});

test('a runtime that SEAMKIT_REQUIRE names may not be missing', () => {
  const { status, result } = jest(skipping, { SEAMKIT_REQUIRE: 'process,container' });
  expect(status).toBe(1);
  expect(result).toMatchObject({ passed: 1, failed: 1 });
});

test('nothing is skipped where nothing is missing', () => {
  const { status, result } = jest(`
    testUnless(undefined)('one', () => {});
    testUnless(false).each([[1], [2]])('%s', () => {});
    describeUnless(undefined, 'container')('group', () => { test('one', () => {}); });`);
  expect([status, result.passed, result.skipped]).toEqual([0, 4, []]);
});

test('a test that is skipped without a reason fails the run', () => {
  const { status, stderr } = jest(`test('runs', () => {}); test.skip('sleeps', () => {});`);
  expect(status).toBe(1);
  expect(stderr).toContain('skipped without a reason');
  expect(stderr).toContain('  sleeps');
});
