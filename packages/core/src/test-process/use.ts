import { SeamkitError } from '../errors';
import { type Boundaries, type Environment, OpenBoundaries } from './environment';
import { findRunner, type RunnerHooks } from './runner';

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
  boundaries: B,
  { hooks, reset = 'test' }: UseOptions = {},
): Environment<B> {
  const environment = new OpenBoundaries(boundaries, checkReset(reset));
  const runner = findRunner(hooks);
  runner.beforeAll(() => environment.open());
  runner.beforeEach((test) => environment.begin(test));
  runner.afterEach((test) => environment.end(test));
  runner.afterAll(() => environment.close());
  return environment.members;
}

function checkReset(reset: unknown): 'test' | 'file' {
  if (reset === 'test' || reset === 'file') return reset;
  throw new SeamkitError('OPTION_INVALID', `use(): reset is '${reset}'`, {
    hint: "write reset: 'file' to reset once per file; leave it out to reset before each test",
  });
}
