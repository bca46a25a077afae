export { type RedisConnection, type RedisMembers, type RedisOptions, redis } from './kit';
