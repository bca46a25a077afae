export type { Rows } from './fixtures';
export { postgres } from './kit';
export type { PostgresConnection, PostgresMembers } from './members';
export type { Isolation, PostgresOptions } from './options';
export type { Settings } from './settings';
