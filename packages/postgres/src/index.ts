export type { Rows } from './fixtures';
export { type Isolation, type Postgres, type PostgresOptions, postgres } from './kit';
export type { Settings } from './settings';
