// A test file's part, as a process: opens the cache, says what it got, and keeps it till it is told.
const { join } = require('node:path');
const { compose } = require('@seamkit/compose');
const { open } = require('@seamkit/core');
const { redis } = require('@seamkit/redis');

(async () => {
  const stack = compose(join(__dirname, 'fixtures/cache.yml'));
  const env = await open({ stack, cache: stack.service('cache', redis()) });
  await env.cache.client.set('holder', String(process.pid));
  process.send({ url: env.cache.url, port: env.stack.services.cache.port(6379) });
  process.once('message', async () => {
    const found = await env.cache.client.get('holder');
    process.send({ found: Number(found) });
    await env.close();
    process.disconnect();
  });
})().catch((error) => {
  process.send({ error: error.message });
  process.disconnect();
});
