import { join } from 'node:path';
import type { TestInfo } from '../contract';
import { afterOwn } from './after-own';
import { beforeNested, runLast, tellOnce } from './jest';
import { MochaFile, mochaSuite } from './mocha';
import { forPlaywright, fromPlaywright, isPlaywright } from './playwright';
import { runnerUnknown } from './unknown-runner';

type Hook = (run: (...args: any[]) => any, options?: any) => unknown;

/** A runner's hooks, by Jest's and Vitest's names or by Mocha's and node:test's. */
export type RunnerHooks =
  | { beforeAll: Hook; beforeEach: Hook; afterEach: Hook; afterAll: Hook }
  | { before: Hook; beforeEach: Hook; afterEach: Hook; after: Hook; describe?: unknown };

export interface Runner {
  /** Start-up has deadlines of its own, so the runner's do not cut it off. */
  beforeAll(run: () => Promise<void>): void;
  /** Before each `beforeAll` of a `describe`, where the runner tells of it. */
  beforeNested?(run: (describe: string) => Promise<void>): void;
  beforeEach(run: (test: TestInfo) => Promise<void>): void;
  afterEach(run: (test: TestInfo) => Promise<void>): void;
  /** After the file's own; under node:test and Mocha after those of suites. */
  afterAll(run: () => Promise<void>): void;
}

const longest = 2 ** 31 - 1;

/**
 * The runner that this file runs under.
 * @throws SeamkitError `RUNNER_UNKNOWN`
 */
export function findRunner(passed?: RunnerHooks): Runner {
  const runner = runnerHere(passed);
  if (!runner) throw runnerUnknown();
  return runner;
}

/** As `findRunner`; undefined where there is none. */
export function runnerHere(passed?: RunnerHooks): Runner | undefined {
  const hooks =
    passed ?? fromGlobals() ?? fromVitest() ?? fromPlaywright() ?? fromBun() ?? fromNodeTest();
  if (!hooks) return undefined;
  if (isPlaywright(hooks)) return forPlaywright(hooks);
  // Only Mocha runs a describe to the end at once, and returns its suite.
  const suite = 'before' in hooks && !isNodeTest(hooks) ? mochaSuite(hooks.describe) : undefined;
  if (suite) return forMocha(new MochaFile(suite));
  // Jest takes a number of ms, node:test an object; each ignores the other's.
  const options = isNodeTest(hooks) ? { timeout: longest } : longest;
  const [beforeAll, afterAll] =
    'beforeAll' in hooks ? [hooks.beforeAll, hooks.afterAll] : [hooks.before, hooks.after];
  return {
    beforeAll: (run) =>
      void beforeAll(
        () =>
          run().catch((error) => {
            tellOnce(error);
            throw error;
          }),
        options,
      ),
    beforeNested,
    beforeEach: (run) => void hooks.beforeEach(withTest(run), options),
    afterEach: (run) => void hooks.afterEach(withTest(run), options),
    afterAll: (run) => {
      const hook = () => run();
      if (process.versions.bun) return afterOwn(() => afterAll(hook, options));
      afterAll(hook, options);
      runLast(hook);
    },
  };
}

function forMocha(file: MochaFile): Runner {
  return {
    beforeAll: (run) => file.add('beforeAll', run),
    beforeEach: (run) => file.add('beforeEach', (name) => run({ name })),
    afterEach: (run) => file.add('afterEach', (name) => run({ name })),
    afterAll: (run) => file.add('afterAll', run),
  };
}

/** A hook that reads its arguments but declares none: Jest and Mocha take a declared one for a callback, Vitest for fixtures. */
function withTest(run: (test: TestInfo) => Promise<void>): () => Promise<void> {
  return function hook() {
    // biome-ignore lint/complexity/noArguments: see above
    return run(testInfo(arguments[0]));
  };
}

function fromGlobals(): RunnerHooks | undefined {
  const { beforeAll, before, beforeEach, afterEach, afterAll, after, describe } = globalThis as any;
  if (typeof beforeAll === 'function') return { beforeAll, beforeEach, afterEach, afterAll };
  if (typeof before === 'function' && typeof beforeEach === 'function') {
    return { before, beforeEach, afterEach, after, describe };
  }
  return undefined;
}

/**
 * Vitest without globals: its hooks are an ES module that the test file has loaded already. Vitest has
 * it at hand for modules outside of its own loader, which cannot import it in its vm pools.
 */
function fromVitest(): RunnerHooks | undefined {
  if (!process.env.VITEST) return undefined;
  const { __vitest_index__: atHand } = globalThis as { __vitest_index__?: RunnerHooks };
  if (atHand) return atHand;
  try {
    const manifest = require.resolve('vitest/package.json', { paths: [process.cwd()] });
    return require(join(manifest, '..', 'dist', 'index.js'));
  } catch {
    return undefined;
  }
}

/** Bun's hooks are globals in test files alone, not in what these load. */
function fromBun(): RunnerHooks | undefined {
  if (!process.versions.bun) return undefined;
  const hooks = require('bun:test');
  try {
    hooks.beforeAll(() => {});
    return hooks;
  } catch {
    return undefined; // not by `bun test`
  }
}

/** `node --test`, or a file that has loaded node:test and is run by `node` alone. */
function fromNodeTest(): RunnerHooks | undefined {
  const { moduleLoadList = [] } = process as { moduleLoadList?: string[] };
  const loaded = moduleLoadList.some((name) => name.endsWith(' internal/test_runner/harness'));
  if (!loaded && !process.env.NODE_TEST_CONTEXT && !process.execArgv.includes('--test')) {
    return undefined;
  }
  return require('node:test');
}

/** Whether this process runs several files, each with hooks of its own: of Bun, or of Playwright. */
export function runsFilesInTurn(): boolean {
  return Boolean(process.versions.bun || fromPlaywright());
}

/** Whether this is `node --test` itself, which runs each file in a process of its own. */
export function isRunnerOfProcesses(): boolean {
  const { execArgv, env } = process;
  const alone = execArgv.some((arg) => /^--(experimental-)?test-isolation=none$/.test(arg));
  return execArgv.includes('--test') && !env.NODE_TEST_CONTEXT && !alone;
}

function isNodeTest(hooks: RunnerHooks): boolean {
  return 'before' in hooks && hooks.before === require('node:test').before;
}

/** Each runner's context has it under a name of its own; Jest has `expect`. Bun does not tell it. */
function testInfo(context: any): TestInfo {
  const { task, fullName, pickle, name, __test__, title } = context ?? {};
  const ava = title?.replace(/^.* hook for /, '');
  const jest = (globalThis as any).expect?.getState?.().currentTestName;
  return { name: task?.name ?? fullName ?? pickle?.name ?? name ?? __test__ ?? ava ?? jest };
}
