import {
  check,
  checkOptions,
  defineKit,
  is,
  type Plan,
  SeamkitError,
  type ServerKit,
  type ServerOptions,
} from '@seamkit/core';
import type { Pool, QueryResultRow } from 'pg';
import { checkUrl } from './connection';
import type { Template } from './databases';
import { PostgresDriver } from './driver';
import type { Rows } from './fixtures';
import { scriptsOf } from './prepare';
import { oldest } from './server';
import { type Settings, settingTexts } from './settings';

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
   * Paths are relative to the working folder. End the clients that a function opens.
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

/** The parts of a url. */
export interface Connection {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** As `pg` takes it, where the url asks for it. */
  ssl?: true | object;
}

/** What the test gets. */
export interface Postgres {
  /**
   * Connection string of the sandbox, for any client. Stays the same in a test file (isolation
   * `clone`: in a test). @throws SeamkitError `UNSUPPORTED` with isolation `rollback`
   */
  readonly url: string;
  /** The parts of the url, as `pg` names them: `new Client(env.db.connection)`. */
  readonly connection: Connection;
  /** A pool on it, ended by us. */
  readonly pool: Pool;
  /** The rows of a query, run in the pool. */
  query<Row extends QueryResultRow = any>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  /**
   * Runs an SQL file, or inserts rows by table: `{ users: [{ email: 'a@b.c' }] }`. Tables and rows
   * go in the order given, in one transaction; sequences move past ids that the rows give.
   * @throws SeamkitError `PREPARE_FAILED` with file and line, or the table
   */
  load(fixtures: string | Rows): Promise<void>;
}

const checks = {
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

function plan(options: PostgresOptions): Plan {
  checkOptions('postgres', options, checks, { server: true });
  const { prepare, extensions = [], settings = {}, isolation, version, url } = options;
  if (url !== undefined) checkUrl(url, 'external');
  if (version !== undefined && Number.parseInt(version, 10) < oldest) {
    throw new SeamkitError('VERSION_UNAVAILABLE', `postgres() does not start version ${version}`, {
      hint: `ask for ${oldest} or newer`,
    });
  }
  return {
    settings: { server: settingTexts(settings) },
    baseline: {
      extensions,
      prepare: typeof prepare === 'function' ? prepare : scriptsOf(options),
      bookkept: isolation !== 'clone',
    },
    // The next test's database is made while this one's runs.
    spares: isolation === 'clone' ? 1 : 0,
  };
}

export const postgresKit: ServerKit<PostgresOptions, Postgres, Template, { name: string }> = {
  kind: 'server',
  name: 'postgres',
  supports: { runtimes: ['container', 'process', 'external'], prepare: true },
  server: require.resolve('./server'),
  plan,
  driver: PostgresDriver.connect,
};

/**
 * PostgreSQL 13 to 18: a private database per test file, back at its baseline after every test.
 * @throws SeamkitError `OPTION_INVALID`, `URL_INVALID` (no postgres: or postgresql: url),
 * `VERSION_UNAVAILABLE` (older than 13)
 */
export const postgres = defineKit(postgresKit);
