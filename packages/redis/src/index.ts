export { type RedisMembers, type RedisOptions, redis } from './kit';
