const assert = require('node:assert/strict');
const { test } = require('node:test');
const { open, use } = require('@seamkit/core');
const { redis } = require('@seamkit/redis');

const env = use({ cache: redis({ prepare: (url) => fill(url) }) });

async function fill(url) {
  const { Redis } = require('ioredis');
  const client = new Redis(url);
  await client.set('language', 'en');
  await client.quit();
}

test('what `prepare` left is there', async () => {
  assert.equal(await env.cache.client.get('language'), 'en');
  await env.cache.client.set('language', 'fr');
});

test('and as it was, in the next test', async () => {
  assert.equal(await env.cache.client.get('language'), 'en');
});

test('without a runner', async () => {
  const own = await open({ cache: redis() });
  assert.deepEqual(await own.cache.keys(), []);
  await own.close();
});
