import type { FastifyBaseLogger } from 'fastify';
import { Redis } from 'ioredis';
import type { CacheConfig } from '../config';
import type { Product } from './schema';

/**
 * Products by id. A cache may lose anything at any time, so nothing here fails: without Redis,
 * every read is a read of the database.
 */
export interface ProductCache {
  /** The product as it was cached; else as `load` finds it, which is then cached. */
  read(id: number, load: () => Promise<Product>): Promise<Product>;
  /** Call it after the change is committed, or the old state may be cached again. */
  forget(...ids: number[]): Promise<void>;
}

export const noCache: ProductCache = {
  read: (_id, load) => load(),
  forget: async () => {},
};

export async function connectProductCache(
  { url, seconds, timeout = 250 }: CacheConfig,
  log: FastifyBaseLogger,
): Promise<ProductCache & { close(): void }> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 4 * timeout,
    // A request waits for the cache this long, and not at all while there is no connection.
    commandTimeout: timeout,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2000),
  });
  redis.on('error', (error) => log.warn(error, 'the product cache is out of reach'));
  await redis.connect().catch(() => {}); // told by the listener; it goes on trying

  const attempt = <R>(command: Promise<R>): Promise<R | undefined> =>
    command.catch((error) => {
      log.warn(error, 'the product cache did not answer');
      return undefined;
    });

  return {
    async read(id, load) {
      const cached = await attempt(redis.get(key(id)).then(revive));
      if (cached) return cached;
      const product = await load();
      await attempt(redis.set(key(id), JSON.stringify(product), 'EX', seconds));
      return product;
    },
    async forget(...ids) {
      await attempt(redis.del(ids.map(key)));
    },
    close: () => redis.disconnect(),
  };
}

const key = (id: number) => `product:${id}`;

function revive(text: string | null): Product | undefined {
  if (!text) return undefined;
  const product = JSON.parse(text);
  return { ...product, createdAt: new Date(product.createdAt) };
}
