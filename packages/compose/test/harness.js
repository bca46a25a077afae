const { join } = require('node:path');
const { compose } = require('@seamkit/compose');
const { redis } = require('@seamkit/redis');
const { Redis } = require('ioredis');

const stack = compose(join(__dirname, 'fixtures/cache.yml'));

/** Does `work` with a client that is not the kit's. */
async function withClient(url, work) {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: null });
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    client.disconnect();
  }
}

/**
 * A kit whose server is a service of a stack owes what it owes in a container of its own.
 * @type {import('@seamkit/conformance').Harness}
 */
module.exports = {
  kit: (options) => stack.service('cache', redis(options)),
  prepare: (entries) => ({
    prepare: (url) => withClient(url, (client) => client.mset(entries)),
    key: JSON.stringify(entries),
  }),
  write: ({ url }, key, value) => withClient(url, (client) => client.set(key, value)),
  read: ({ url }, key) => withClient(url, async (client) => (await client.get(key)) ?? undefined),
  async leak({ url }) {
    const client = new Redis(url, { retryStrategy: null });
    client.on('error', () => {});
    await client.call('MULTI');
    await client.call('SET', 'key', 'from a transaction that nobody ended');
  },
  list: ({ url }) =>
    withClient(url, async (client) => {
      const keyspace = await client.info('keyspace');
      return [...keyspace.matchAll(/^db(\d+):/gm)].map(([, number]) => `database ${number}`);
    }),
  refused: [
    { options: { nope: 1 }, code: 'OPTION_INVALID' },
    { options: { url: 'redis://127.0.0.1:6379' }, code: 'OPTION_INVALID' },
    { options: { version: '8' }, code: 'OPTION_INVALID' },
    { options: { image: 'redis:8' }, code: 'OPTION_INVALID' },
    { options: { container: { memory: '1g' } }, code: 'OPTION_INVALID' },
    { options: { runtime: 'process' }, code: 'OPTION_INVALID' },
    { options: { exclusive: true }, code: 'UNSUPPORTED' },
  ],
};
