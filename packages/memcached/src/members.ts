import { listKeys, readStats } from './items';

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

export function makeMembers(url: string): MemcachedMembers {
  const { host, hostname, port } = new URL(url);
  return {
    url,
    address: host,
    connection: { host: hostname, port: Number(port) },
    async keys() {
      const keys = await listKeys(url);
      return keys.map((key) => Buffer.from(key, 'latin1').toString());
    },
    stats: () => readStats(url),
  };
}
