import { defineKit } from '@seamkit/core';
import type { Item } from './items';
import type { MemcachedMembers } from './members';
import { checks, type MemcachedOptions } from './options';
import { connectDriver } from './sandbox';
import { oldest } from './server';

/**
 * A Memcached server of this test file's own, since Memcached has no databases: every client of a
 * server sees, and may flush, all of its keys.
 *
 * The factory throws `OPTION_INVALID` and `VERSION_UNAVAILABLE` (older than 1.6).
 */
export const memcached = defineKit<MemcachedOptions, MemcachedMembers, Item[], string>({
  kind: 'server',
  name: 'memcached',
  supports: { runtimes: ['container', 'process'], prepare: true, shared: false, password: false },
  server: require.resolve('./server'),
  options: checks,
  oldest,
  plan: ({ prepare, memory = 64 }) => ({
    settings: { memory },
    baseline: prepare,
    exclusive: true,
  }),
  driver: connectDriver,
  variables: ({ address }) => ({ MEMCACHED_SERVERS: address }),
});
