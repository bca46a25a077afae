import { defineKit } from '@seamkit/core';
import type { RedisMembers } from './members';
import { checks, type RedisOptions } from './options';
import { connectDriver } from './sandbox';
import { oldest } from './server';
import { checkSettings } from './settings';

/**
 * A private Redis or Valkey database: one logical database of a server that all test files share.
 *
 * The factory throws `OPTION_INVALID`, `URL_INVALID` (no redis: or rediss: url) and
 * `VERSION_UNAVAILABLE` (older than 7). Connecting throws `SERVER_UNREACHABLE`, `SERVER_MISMATCH`
 * (no Redis), `PERMISSION_MISSING` (credentials) and `UNSUPPORTED` (a cluster; no free database).
 */
export const redis = defineKit<RedisOptions, RedisMembers, any, any>({
  kind: 'server',
  name: 'redis',
  supports: { runtimes: ['container', 'process', 'external'], prepare: true },
  server: require.resolve('./server'),
  options: checks,
  url: { protocols: ['redis:', 'rediss:'], like: 'redis://user:password@127.0.0.1:6379' },
  oldest,
  plan({ prepare, engine, settings = {}, exclusive = false }) {
    checkSettings(settings, exclusive);
    return {
      settings: { ...(engine && { engine }), ...(exclusive && { exclusive }), config: settings },
      baseline: prepare,
      exclusive,
    };
  },
  driver: connectDriver,
});
