export type { Rows } from './fixtures';
export {
  type Connection,
  type Isolation,
  type Postgres,
  type PostgresOptions,
  postgres,
} from './kit';
export type { Settings } from './settings';
