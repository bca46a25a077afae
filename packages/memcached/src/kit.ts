import {
  check,
  checkOptions,
  defineKit,
  is,
  SeamkitError,
  type ServerOptions,
} from '@seamkit/core';
import type { Item } from './items';
import { connectDriver } from './sandbox';

export interface MemcachedOptions extends ServerOptions {
  /**
   * Makes the baseline: called with the url of an empty server, once per test file. What it leaves
   * (values, flags, remaining times to live) is what every test finds. Default: nothing.
   */
  prepare?: (url: string, stop: { signal: AbortSignal }) => unknown;
  /** Megabytes for items, beyond which the server evicts. From 8 up, default 64. */
  memory?: number;
}

/** What the test gets. */
export interface MemcachedMembers {
  /** For the service under test: `memcached://127.0.0.1:port`. */
  readonly url: string;
  /** The same as most clients take it: `127.0.0.1:port`. */
  readonly address: string;
  /** The same in parts. */
  readonly connection: { host: string; port: number };
  /** All keys, sorted. */
  keys(): Promise<string[]>;
  /** The server's `stats`; `get_hits`, `get_misses` and the like count from the test's beginning. */
  stats(): Promise<Record<string, string>>;
}

const megabytes = check(
  'a whole number from 8 up',
  (value) => Number.isInteger(value) && Number(value) >= 8,
);

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
  plan(options) {
    const own = { prepare: is.function, memory: megabytes };
    checkOptions('memcached', options, own, { server: true });
    const { prepare, memory = 64, version = '1.6' } = options;
    if (/^(0|1\.[0-5])(\.|$)/.test(version)) {
      throw new SeamkitError('VERSION_UNAVAILABLE', `memcached() does not start ${version}`, {
        hint: 'ask for 1.6 or newer',
      });
    }
    return { settings: { memory }, baseline: prepare, exclusive: true };
  },
  driver: connectDriver,
  variables: ({ address }) => ({ MEMCACHED_SERVERS: address }),
});
