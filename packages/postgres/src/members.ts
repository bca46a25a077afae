import type { Pool, QueryResultRow } from 'pg';
import type { Rows } from './fixtures';

/** The parts of a url. */
export interface PostgresConnection {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** As `pg` takes it, where the url asks for it. */
  ssl?: true | object;
}

/** What the test gets. */
export interface PostgresMembers {
  /**
   * Connection string of the sandbox, for any client. Stays the same in a test file (isolation
   * `clone`: in a test). @throws SeamkitError `UNSUPPORTED` with isolation `rollback`
   */
  readonly url: string;
  /** The parts of the url, as `pg` names them: `new Client(env.db.connection)`. */
  readonly connection: PostgresConnection;
  /** A pool on it, ended by us. */
  readonly pool: Pool;
  /** The rows of a query, run in the pool. */
  query<Row extends QueryResultRow = any>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  /**
   * Runs an SQL file (as in `prepare`, a relative path begins at the package), or inserts rows by table: `{ users: [{ email: 'a@b.c' }] }`. Tables and rows
   * go in the order given, in one transaction; sequences move past ids that the rows give.
   * @throws SeamkitError `PREPARE_FAILED` with file and line, or the table
   */
  load(fixtures: string | Rows): Promise<void>;
}
