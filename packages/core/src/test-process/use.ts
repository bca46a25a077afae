import { SeamkitError } from '../errors';
import { aheadOf, checkConfig, setAhead } from './ahead';
import type { Config } from './config';
import { type Boundaries, type Environment, OpenBoundaries } from './environment';
import {
  findRunner,
  isRunnerOfProcesses,
  type Runner,
  type RunnerHooks,
  runnerHere,
  runsFilesInTurn,
} from './runner-hooks';

export interface UseOptions {
  /** The runner's hooks, where they are no globals: `require('node:test')`, or `import * as vitest`. */
  hooks?: RunnerHooks;
  /**
   * How often the boundaries go back to their baseline. `'test'`, the default: before each test.
   * `'file'`: only before the first one, for tests that build on each other.
   */
  reset?: 'test' | 'file';
}

/**
 * Gives a test file its boundaries: started before its first test (all in parallel, on servers that
 * all files share), at the baseline before every test, given back after the last one. What the
 * file's own hooks have written when its first test begins is part of its baseline.
 *
 * Call it at the top of the file, above all hooks; use what it returns inside tests and hooks.
 *
 * @throws SeamkitError `OPTION_INVALID`, `RUNNER_UNKNOWN` at once; from its hooks whatever kept a
 * boundary from starting, and what a boundary found wrong with a test
 */
export function use<B extends Boundaries>(
  boundaries: B | Config<B>,
  { hooks, reset = 'test' }: UseOptions = {},
): Environment<B> {
  const ahead = aheadOf(boundaries);
  if (ahead?.hooked) return ahead.environment.members;
  const environment: OpenBoundaries<B> =
    ahead?.environment ?? new OpenBoundaries(boundaries, checkReset(reset));
  const runner = findRunner(hooks);
  // What was opened ahead of several files stays for the next.
  runner.beforeAll(() => (ahead ? environment.beginFile() : environment.open()));
  addHooks(environment, runner);
  if (!ahead) runner.afterAll(() => environment.close());
  return environment.members;
}

/**
 * Opens a config's boundaries now, before the test files are loaded, so that what they import finds
 * its environment variables. `use` of the same config then gives these. For a set-up file of the
 * runner, once per process: a second call gives what the first one opened.
 *
 * @throws SeamkitError `OPTION_INVALID`, and whatever kept a boundary from starting
 */
export async function openAhead<B extends Boundaries>(
  config: Config<B>,
  { reset = 'test' }: Omit<UseOptions, 'hooks'> = {},
): Promise<void> {
  checkConfig(config);
  if (aheadOf(config) || isRunnerOfProcesses()) return;
  const environment = new OpenBoundaries(config, checkReset(reset));
  await environment.open();
  const runner = runsFilesInTurn() ? undefined : runnerHere();
  setAhead({ config: config as Config, environment, hooked: runner !== undefined });
  if (!runner) return;
  addHooks(environment, runner);
  runner.afterAll(() => environment.close());
}

function addHooks(environment: OpenBoundaries<any>, runner: Runner): void {
  runner.beforeNested?.((describe) => environment.beginNested(describe));
  runner.beforeEach((test) => environment.begin(test));
  runner.afterEach((test) => environment.end(test));
}

function checkReset(reset: unknown): 'test' | 'file' {
  if (reset === 'test' || reset === 'file') return reset;
  throw new SeamkitError('OPTION_INVALID', `use(): reset is '${reset}'`, {
    hint: "write reset: 'file' to reset once per file; leave it out to reset before each test",
  });
}
