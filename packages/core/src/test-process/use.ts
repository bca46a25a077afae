import { type Boundaries, type Environment, OpenBoundaries } from './environment';
import { findRunner, type RunnerHooks } from './runner';

export interface UseOptions {
  /** The runner's hooks, where they are no globals: `require('node:test')`, or `import * as vitest`. */
  hooks?: RunnerHooks;
}

/**
 * Gives a test file its boundaries: started before its first test (all in parallel, on servers that
 * all files share), back at the baseline after every test, given back after the last one.
 *
 * Call it at the top of the file; use what it returns inside tests and hooks.
 *
 * @throws SeamkitError `OPTION_INVALID`, `RUNNER_UNKNOWN` at once; from its hooks whatever kept a
 * boundary from starting, and what a boundary found wrong with a test
 */
export function use<B extends Boundaries>(
  boundaries: B,
  { hooks }: UseOptions = {},
): Environment<B> {
  const environment = new OpenBoundaries(boundaries);
  const runner = findRunner(hooks);
  runner.beforeAll(() => environment.open());
  runner.beforeEach((test) => environment.begin(test));
  runner.afterEach((test) => environment.end(test));
  runner.afterAll(() => environment.close());
  return environment.members;
}
