import { Redis } from 'ioredis';
import { Pool } from 'pg';

/** Counts who looks at which page: every visit in PostgreSQL, the totals in Redis. */
export function openVisits({ databaseUrl, redisUrl }: { databaseUrl: string; redisUrl: string }) {
  const database = new Pool({ connectionString: databaseUrl });
  const cache = new Redis(redisUrl);
  return {
    async record(page: string): Promise<number> {
      await database.query('INSERT INTO visits (page) VALUES ($1)', [page]);
      return cache.incr(`visits:${page}`);
    },
    async close(): Promise<void> {
      await Promise.all([database.end(), cache.quit()]);
    },
  };
}
