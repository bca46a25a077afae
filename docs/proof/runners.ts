import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Project, Run } from '../../packages/core/test/project';

/** A row of docs/runners.md: how its runner is started, and how a test file says what it has to. */
export interface Way extends Words {
  runner: string;
  mode: string;
  start(project: Project, files: string[]): Run;
  /** How many files it runs. Default 2. */
  files?: 1;
  /** It ends the servers after each file. */
  preparedPerFile?: boolean;
  /** Its hooks are told no names of tests. */
  nameless?: boolean;
  /** Why it cannot run here. */
  missing?: string | false;
}

interface Words {
  /** Gives a file `test`, `before`, `after`, `suite`, and the `hooks` that `use` is passed. */
  words: string;
  extension: 'js' | 'mjs';
  /** What a file ends with. */
  end?: string;
  /** Its hooks outside of a suite are not the file's own. */
  suitesOnly?: true;
  /** The package that it imports. */
  imported?: string;
}

/** By `install-runners.mjs`. */
export const installed = join(__dirname, '../.examples/node_modules');
const program = (path: string) => join(installed, path);

const globals: Words = {
  words: `
    const { test = globalThis.it, describe: suite } = globalThis;
    const before = globalThis.beforeAll ?? globalThis.before;
    const after = globalThis.afterAll ?? globalThis.after;
    const hooks = undefined;`,
  extension: 'js',
};

const mocha: Words = { ...globals, suitesOnly: true };

/** Of a runner with Jest's names that are imported. */
const imports = (from: string): Words => ({
  words: `
    import { afterAll as after, beforeAll as before, describe as suite, test } from '${from}';
    const hooks = undefined;`,
  extension: 'mjs',
});

const nodeTest: Words = {
  words: `
    import { after, before, describe as suite, test } from 'node:test';
    const hooks = undefined;`,
  extension: 'mjs',
  suitesOnly: true,
};

const playwright: Words = {
  imported: '@playwright/test',
  words: `
    import { test } from '@playwright/test';
    const { afterAll: after, beforeAll: before, describe: suite } = test;
    const hooks = undefined;`,
  extension: 'mjs',
};

const flat = 'const suite = (title, body) => body();';

/** Where the file's own must be declared above `use`. */
const afterAbove = (after: string) => `
    const own = [];
    ${after}(async () => { for (const hook of own) await hook(); });
    const after = (hook) => own.push(hook);`;

const ava: Words = {
  imported: 'ava',
  words: `
    import ava from 'ava';
    import { hooks } from './hooks.mjs';
    const { serial, serial: { before } } = ava;
    const test = (title, body) => serial(title, async (t) => { await body(); t.pass(); });
    ${afterAbove('serial.after.always')}
    ${flat}`,
  extension: 'mjs',
};

const tap: Words = {
  imported: 'tap',
  words: `
    import tap from 'tap';
    import { hooks } from './hooks.mjs';
    const { after, before } = tap;
    const test = (title, body) => tap.test(title, (t) => t.test('a subtest', body));
    ${flat}`,
  extension: 'mjs',
};

const uvu: Words = {
  imported: 'uvu',
  words: `
    import { test } from 'uvu';
    import { hooks } from './hooks.mjs';
    const { before } = test;
    ${afterAbove('test.after')}
    ${flat}`,
  end: 'test.run();',
  extension: 'mjs',
};

/** Its tests are steps; the scenarios are written where it is started. */
const cucumber: Words = {
  imported: '@cucumber/cucumber',
  words: `
    const { AfterAll: after, BeforeAll: before, When: test } = require('@cucumber/cucumber');
    const { hooks } = require('./hooks.cjs');
    ${flat}`,
  extension: 'js',
};

const jestProgram = require.resolve('jest/bin/jest');

function startJestModules(project: Project): Run {
  project.jestConfig({ testMatch: ['**/*.test.mjs'], moduleFileExtensions: ['js', 'mjs'] });
  return project.start(['--experimental-vm-modules', jestProgram, '--config', 'jest.config.json']);
}

export function startPlaywright(project: Project, options = ''): Run {
  project.plain('playwright.config.js', `module.exports = { workers: 2, ${options} };`);
  return project.start([program('@playwright/test/cli.js'), 'test']);
}

const machine = `${process.platform}-${process.arch === 'arm64' ? 'aarch64' : process.arch}`;
export const bunProgram = program(`@oven/bun-${machine}/bin/bun`);
export const bunMissing = !existsSync(bunProgram) && `@oven/bun-${machine} is not installed`;
const bun = { ...imports('bun:test'), nameless: true, missing: bunMissing };

function startBunWorkers(project: Project): Run {
  project.bare(
    'seamkit.config.js',
    `module.exports = require(core).defineConfig({
      boundaries: { it: require(kit).shelf() },
      variables: () => ({}),
    });`,
  );
  const seamkit = join(__dirname, '../../packages/core/bin/seamkit.js');
  return project.start([seamkit, 'run', '--', bunProgram, 'test', '--parallel=2']);
}

function startCucumber(project: Project, [file]: string[], ...options: string[]): Run {
  const scenario = (title: string) => `  Scenario: ${title}\n    When ${title}\n`;
  project.plain('a.feature', `Feature: it\n${scenario('round one')}${scenario('round two')}`);
  const cucumber = program('@cucumber/cucumber/bin/cucumber.js');
  return project.start([cucumber, '--require', file!, 'a.feature', ...options]);
}

const avaProgram = program('ava/entrypoints/cli.mjs');

type Mode = [mode: string, words: Words & Partial<Way>, start: Way['start']];

const modes: Record<string, Mode[]> = {
  Jest: [
    ['in workers', globals, (project) => project.jest('--maxWorkers=2')],
    ['`--runInBand`', globals, (project) => project.jest('--runInBand')],
    ['`--workerThreads`', globals, (project) => project.jest('--workerThreads', '--maxWorkers=2')],
    ['ES modules', { ...globals, extension: 'mjs' }, startJestModules],
  ],
  Vitest: [
    ...['forks', 'threads', 'vmForks', 'vmThreads'].map(
      (pool): Mode => [
        `\`--pool=${pool}\``,
        imports('vitest'),
        (project) => project.vitest(`--pool=${pool}`),
      ],
    ),
    ['`--globals`', globals, (project) => project.vitest('--globals')],
  ],
  'node:test': [
    ['`node --test`', nodeTest, (project, files) => project.nodeTest(...files)],
    ['`node file`', { ...nodeTest, files: 1 }, (project, files) => project.start(files)],
  ],
  Mocha: [
    ['one process', mocha, (project, files) => project.mocha(...files)],
    ['`--parallel`', mocha, (project, files) => project.mocha('--parallel', ...files)],
  ],
  Playwright: [
    ['in workers', playwright, (project) => startPlaywright(project)],
    ['`fullyParallel`', playwright, (project) => startPlaywright(project, 'fullyParallel: true')],
  ],
  Bun: [
    ['one process', bun, (project) => project.start(['test'], bunProgram)],
    [
      '`--isolate`',
      { ...bun, preparedPerFile: true },
      (project) => project.start(['test', '--isolate'], bunProgram),
    ],
    ['`--parallel`, with servers that are up', bun, startBunWorkers],
  ],
  AVA: [
    ['worker threads', ava, (project, files) => project.start([avaProgram, ...files])],
    [
      '`--no-worker-threads`',
      ava,
      (project, files) => project.start([avaProgram, '--no-worker-threads', ...files]),
    ],
  ],
  tap: [
    [
      'in processes',
      tap,
      (project, files) =>
        project.start([program('tap/dist/esm/run.mjs'), '--disable-coverage', ...files]),
    ],
    ['`node file`', { ...tap, files: 1 }, (project, files) => project.start(files)],
  ],
  uvu: [
    ['`uvu`', uvu, (project) => project.start([program('uvu/bin.js'), '.', 'test.mjs$'])],
    ['`node file`', { ...uvu, files: 1 }, (project, files) => project.start(files)],
  ],
  Cucumber: [
    ['one process', { ...cucumber, files: 1 }, (project, files) => startCucumber(project, files)],
    [
      '`--parallel`',
      { ...cucumber, files: 1 },
      (project, files) => startCucumber(project, files, '--parallel', '2'),
    ],
  ],
};

export const ways: Way[] = Object.entries(modes).flatMap(([runner, ofRunner]) =>
  ofRunner.map(([mode, words, start]) => ({ ...words, runner, mode, start })),
);
