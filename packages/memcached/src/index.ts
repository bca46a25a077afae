export { type MemcachedMembers, type MemcachedOptions, memcached } from './kit';
