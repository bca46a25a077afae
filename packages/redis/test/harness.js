const { redis } = require('@seamkit/redis');
const { Redis } = require('ioredis');

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

/** @type {import('@seamkit/conformance').Harness} */
module.exports = {
  kit: redis,
  options: {},
  prepare: (entries) => ({
    prepare: (url) => withClient(url, (client) => client.mset(entries)),
    key: JSON.stringify(entries),
  }),
  write: ({ url }, key, value) => withClient(url, (client) => client.set(key, value)),
  read: ({ url }, key) => withClient(url, async (client) => (await client.get(key)) ?? undefined),
  changeShape: ({ url }, round) =>
    withClient(url, async (client) => {
      await client.rpush(`list ${round}`, 'one', 'two');
      await client.hset(`hash ${round}`, 'field', 'value');
      await client.xadd(`stream ${round}`, '*', 'field', 'value');
      await client.xgroup('CREATE', `stream ${round}`, 'group', '0');
      await client.expire(round === 1 ? 'kept' : 'other', 3_600);
    }),
  describe: ({ url }) =>
    withClient(url, async (client) => {
      const keys = (await client.keys('*')).sort();
      return Promise.all(
        keys.map(async (key) => {
          const type = await client.type(key);
          const groups = type === 'stream' ? (await client.xinfo('GROUPS', key)).length : 0;
          return { key, type, groups, expires: (await client.pttl(key)) > 0 };
        }),
      );
    }),
  async leak({ url }) {
    const client = new Redis(url, { retryStrategy: null });
    client.on('error', () => {});
    await client.call('WATCH', 'key');
    await client.call('MULTI');
    await client.call('SET', 'key', 'from a transaction that nobody ended');
    const consumer = new Redis(url, { retryStrategy: null });
    consumer.on('error', () => {});
    consumer.blpop('list', 0).catch(() => {});
    await consumer.duplicate().ping();
  },
  list: ({ url }) =>
    withClient(url, async (client) => {
      const keyspace = await client.info('keyspace');
      return [...keyspace.matchAll(/^db(\d+):/gm)].map(([, number]) => `database ${number}`);
    }),
  async intrude(port) {
    for (const access of ['', 'default:default@', 'shared:shared@']) {
      const name = await withClient(`redis://${access}127.0.0.1:${port}`, (client) =>
        client.set('key', 'from a stranger'),
      ).catch(() => undefined);
      if (name) return `write as ${access}`;
    }
  },
  refused: [
    { options: { nope: 1 }, code: 'OPTION_INVALID' },
    { options: { prepare: 'a script' }, code: 'OPTION_INVALID' },
    { options: { engine: 'dragonfly' }, code: 'OPTION_INVALID' },
    { options: { settings: { port: 6379 } }, code: 'OPTION_INVALID' },
    { options: { settings: { 'cluster-enabled': 'yes' } }, code: 'OPTION_INVALID' },
    { options: { settings: { maxmemory: '10mb' } }, code: 'OPTION_INVALID' },
    { options: { settings: { 'slowlog-max-len': '1\nport 1' } }, code: 'OPTION_INVALID' },
    { options: { settings: { hz: true } }, code: 'OPTION_INVALID' },
    { options: { exclusive: 'yes' }, code: 'OPTION_INVALID' },
    { options: { url: 'http://127.0.0.1:6379' }, code: 'URL_INVALID' },
    { options: { url: 'nowhere' }, code: 'OPTION_INVALID' },
    { options: { version: '5' }, code: 'VERSION_UNAVAILABLE' },
    { options: { version: 'latest' }, code: 'OPTION_INVALID' },
  ],
};
