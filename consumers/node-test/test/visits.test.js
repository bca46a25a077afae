import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { use } from '@seamkit/core';
import { postgres } from '@seamkit/postgres';
import { redis } from '@seamkit/redis';
import { openVisits } from '../src/visits.js';

const env = use({ db: postgres({ prepare: { migrations: 'migrations' } }), cache: redis() });
let visits;

beforeEach(() => {
  visits = openVisits({ databaseUrl: env.db.url, redisUrl: env.cache.url });
});

afterEach(() => visits.close());

test('a visit counts, and is written down', async () => {
  assert.equal(await visits.record('/home'), 1);
  assert.equal(await visits.record('/home'), 2);
  assert.deepEqual(await env.cache.keys(), ['visits:/home']);
  assert.deepEqual(await env.db.query('SELECT page FROM visits'), [
    { page: '/home' },
    { page: '/home' },
  ]);
});

test('and is gone in the next test', async () => {
  assert.equal(await visits.record('/home'), 1);
  assert.deepEqual(await env.db.query('SELECT * FROM visits'), [{ id: 1, page: '/home' }]);
});
