import { use } from '@seamkit/core';
import { postgres } from '@seamkit/postgres';
import { redis } from '@seamkit/redis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openVisits } from '../src/visits';

const env = use({ db: postgres({ prepare: { migrations: 'migrations' } }), cache: redis() });
let visits: ReturnType<typeof openVisits>;

beforeEach(() => {
  visits = openVisits({ databaseUrl: env.db.url, redisUrl: env.cache.url });
});

afterEach(() => visits.close());

test('a visit counts, and is written down', async () => {
  expect(await visits.record('/home')).toBe(1);
  expect(await visits.record('/home')).toBe(2);
  expect(await env.cache.keys()).toEqual(['visits:/home']);
  expect(await env.db.query('SELECT * FROM visits ORDER BY id')).toEqual([
    { id: 1, page: '/home' },
    { id: 2, page: '/home' },
  ]);
});

test('and is gone in the next test', async () => {
  expect(await visits.record('/home')).toBe(1);
  expect(await env.db.query('SELECT * FROM visits')).toEqual([{ id: 1, page: '/home' }]);
});
