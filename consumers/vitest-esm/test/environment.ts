import { use } from '@seamkit/core';
import { postgres } from '@seamkit/postgres';
import { redis } from '@seamkit/redis';
import { afterEach, beforeEach } from 'vitest';
import { openVisits } from '../src/visits';

/** The boundaries of this service, and the service on them. */
export function environment() {
  const env = use({ db: postgres({ prepare: { migrations: 'migrations' } }), cache: redis() });
  let visits: ReturnType<typeof openVisits>;
  beforeEach(() => {
    visits = openVisits({ databaseUrl: env.db.url, redisUrl: env.cache.url });
  });
  afterEach(() => visits.close());
  return { env, record: (page: string) => visits.record(page) };
}
