import { check, is, type OptionChecks, type ServerOptions } from '@seamkit/core';

export interface RedisOptions extends ServerOptions {
  /**
   * Makes the baseline: called with the url of an empty database, once per run and per distinct
   * source of the function and `key`. What it leaves (values, types, remaining times to live) is
   * what every test finds. Default: an empty database.
   */
  prepare?: (url: string, stop: { signal: AbortSignal }) => unknown;
  /**
   * Which server. Default `'redis'`; the process runtime takes Valkey where there is no Redis.
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

/** What each must be. */
export const checks: OptionChecks<RedisOptions, ServerOptions> = {
  prepare: is.function,
  engine: is.oneOf('redis', 'valkey'),
  settings: check(
    'settings of redis.conf, each a string or a number',
    (value) =>
      is.record.accepts(value) &&
      Object.values(value as object).every((one) => ['string', 'number'].includes(typeof one)),
  ),
  exclusive: is.boolean,
};
