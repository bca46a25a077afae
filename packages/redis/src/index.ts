export { redis } from './kit';
export type { RedisConnection, RedisMembers } from './members';
export type { RedisOptions } from './options';
