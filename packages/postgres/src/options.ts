import { check, is, type OptionChecks, type ServerOptions } from '@seamkit/core';
import type { Settings } from './settings';

/**
 * How tests are kept apart.
 * - `reset`: a database per test file; after each test what it wrote is undone in place.
 * - `clone`: a database per test, with another url. Nothing of ours is in it.
 * - `rollback`: a database per test file, and each test in a transaction that is rolled back. Only
 *   for code that uses the given pool; transactions become savepoints, and `now()` stands still.
 */
export type Isolation = 'reset' | 'clone' | 'rollback';

export interface PostgresOptions extends ServerOptions {
  /**
   * Makes the baseline, in an empty database, once per run and inputs: a function of its url; a
   * folder whose `*.sql` files are applied in the order of their names; or a list of SQL files.
   * Relative paths begin at the package of the file that calls. End the clients that a function opens.
   */
  prepare?:
    | ((url: string, stop: { signal: AbortSignal }) => unknown)
    | { migrations: string }
    | readonly string[];
  /** Extensions to create before `prepare`, with those that they need. */
  extensions?: readonly string[];
  /**
   * Server settings as in postgresql.conf. A server of its own for each set of values; on an
   * external server they are compared.
   */
  settings?: Settings;
  /** Default `'reset'`. */
  isolation?: Isolation;
}

/** What each must be. */
export const checks: OptionChecks<PostgresOptions, ServerOptions> = {
  prepare: check(
    "a function of the url, { migrations: 'folder' }, or a list of SQL files",
    (value) =>
      typeof value === 'function' ||
      isListOfNames(value) ||
      (typeof value === 'object' &&
        value !== null &&
        Object.keys(value).join() === 'migrations' &&
        is.string.accepts((value as { migrations: unknown }).migrations)),
  ),
  extensions: check('a list of names', isListOfNames),
  settings: is.record,
  isolation: is.oneOf('reset', 'clone', 'rollback'),
};

function isListOfNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '');
}
