export { memcached } from './kit';
export type { MemcachedMembers } from './members';
export type { MemcachedOptions } from './options';
