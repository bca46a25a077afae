import { Redis } from 'ioredis';
import pg from 'pg';

/** Counts who looks at which page: every visit in PostgreSQL, the totals in Redis. */
export function openVisits({ databaseUrl, redisUrl }) {
  const database = new pg.Pool({ connectionString: databaseUrl });
  const cache = new Redis(redisUrl);
  return {
    async record(page) {
      await database.query('INSERT INTO visits (page) VALUES ($1)', [page]);
      return cache.incr(`visits:${page}`);
    },
    async close() {
      await Promise.all([database.end(), cache.quit()]);
    },
  };
}
