import {
  check,
  checkOptions,
  defineKit,
  is,
  SeamkitError,
  type ServerOptions,
} from '@seamkit/core';
import type { RedisConnection, RedisMembers } from './members';
import { connectDriver } from './sandbox';
import { oldest } from './server';
import { checkSettings } from './settings';

export type { RedisConnection, RedisMembers };

export interface RedisOptions extends ServerOptions {
  /**
   * Makes the baseline: called with the url of an empty database, once per run and per distinct
   * source of the function and `key`. What it leaves (values, types, remaining times to live) is
   * what every test finds. Default: an empty database.
   */
  prepare?: (url: string, stop: { signal: AbortSignal }) => unknown;
  /**
   * Which server. Default `'redis'`; the process runtime takes Valkey where no Redis can be had.
   * An external server is taken as it is.
   */
  engine?: 'redis' | 'valkey';
  /**
   * Server settings by their names in redis.conf, e.g. `{ 'notify-keyspace-events': 'Ex' }`.
   * Settings that the kit needs itself are refused; `maxmemory` and `maxmemory-policy` need
   * `exclusive`, since memory is counted and evicted across databases. Not for external servers.
   */
  settings?: Record<string, string | number>;
  /**
   * A server of this test file's own, for what crosses databases: pub/sub, functions, scripts,
   * `CONFIG`, ACL users, `FLUSHALL`, eviction. The url names database 0 and may do everything, and
   * reset puts the whole server back. Default false.
   */
  exclusive?: boolean;
}

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
  plan(options) {
    checkOptions(
      'redis',
      options,
      {
        prepare: is.function,
        engine: is.oneOf('redis', 'valkey'),
        settings: check(
          'settings of redis.conf, each a string or a number',
          (value) =>
            is.record.accepts(value) &&
            Object.values(value as object).every((one) =>
              ['string', 'number'].includes(typeof one),
            ),
        ),
        exclusive: is.boolean,
      },
      { server: true },
    );
    const { prepare, engine, settings = {}, exclusive = false, version, url } = options;
    checkSettings(settings, exclusive);
    if (url !== undefined && !/^rediss?:\/\//.test(url)) {
      throw new SeamkitError('URL_INVALID', 'redis() takes a redis: or rediss: url', {
        hint: 'pass e.g. redis://127.0.0.1:6379; the database number is chosen by the kit',
      });
    }
    if (version !== undefined && Number.parseInt(version, 10) < oldest) {
      throw new SeamkitError('VERSION_UNAVAILABLE', `redis() does not start version ${version}`, {
        hint: `ask for ${oldest} or newer; an older server can be used by its url`,
      });
    }
    return {
      settings: { ...(engine && { engine }), ...(exclusive && { exclusive }), config: settings },
      baseline: prepare,
      exclusive,
    };
  },
  driver: connectDriver,
});
