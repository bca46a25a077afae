import { open, use } from '@seamkit/core';
import { redis } from '@seamkit/redis';
import { Redis } from 'ioredis';

const library = '#!lua name=shop\nredis.register_function("price", function() return 7 end)';

const env = use({
  cache: redis({
    exclusive: true,
    settings: { maxmemory: '20mb', 'maxmemory-policy': 'allkeys-lru' },
    async prepare(url) {
      const client = new Redis(url);
      await client.set('key', 'value', 'EX', 1000);
      await client.select(5);
      await client.hset('in another database', 'field', 'value');
      await client.function('LOAD', library);
      await client.config('SET', 'hash-max-listpack-entries', '7');
      await client.call('ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '+get');
      client.disconnect();
    },
  }),
});

async function look() {
  const { client } = env.cache;
  const [, policy] = (await client.config('GET', 'maxmemory-policy')) as string[];
  const [, entries] = (await client.config('GET', 'hash-max-listpack-entries')) as string[];
  const other = new Redis(env.cache.url);
  await other.select(5);
  const field = await other.hget('in another database', 'field');
  other.disconnect();
  return {
    keyspace: (await client.info('keyspace')).match(/db\d+:keys=\d+/g),
    value: await client.get('key'),
    fresh: (await client.pttl('key')) > 990_000,
    price: await client.fcall('price', 0),
    libraries: ((await client.function('LIST')) as unknown[]).length,
    users: (await client.call('ACL', 'USERS')) as string[],
    policy,
    entries,
    field,
  };
}

const baseline = {
  keyspace: ['db0:keys=1', 'db5:keys=1'],
  value: 'value',
  fresh: true,
  price: 7,
  libraries: 1,
  users: ['default', 'reader', 'shared'],
  policy: 'allkeys-lru',
  entries: '7',
  field: 'value',
};

const changes: Record<string, (client: Redis) => Promise<unknown>> = {
  nothing: async () => {},
  FLUSHALL: (client) => client.flushall(),
  'keys in other databases': (client) => client.multi().select(9).set('a', '1').select(0).exec(),
  SWAPDB: (client) => client.swapdb(0, 5),
  'another time to live': (client) => client.expire('key', 5),
  CONFIG: (client) => client.config('SET', 'maxmemory-policy', 'noeviction'),
  'functions gone': (client) => client.function('FLUSH'),
  'functions added': (client) =>
    client.function('LOAD', library.replace('shop', 'more').replace('price', 'cost')),
  'a user': (client) => client.call('ACL', 'SETUSER', 'guest', 'on', 'nopass', '+@all'),
  'no user': (client) => client.call('ACL', 'DELUSER', 'reader'),
  'another password': (client) => client.call('ACL', 'SETUSER', 'default', 'resetpass', '>other'),
  'a required password': (client) => client.config('SET', 'requirepass', 'other'),
};

test.each(Object.keys(changes))('after a test that leaves: %s', async (name) => {
  const client = new Redis(env.cache.url);
  await changes[name]!(client).finally(() => client.disconnect());
  await env.cache.reset();
  expect(await look()).toEqual(baseline);
});

test('eviction happens, and is undone', async () => {
  const { client } = env.cache;
  const value = 'x'.repeat(100_000);
  for (let index = 0; index < 300; index++) await client.set(`big ${index}`, value);
  const evicted = /evicted_keys:(\d+)/.exec(await client.info('stats'))![1];
  expect(Number(evicted)).toBeGreaterThan(0);
  expect(await client.dbsize()).toBeLessThan(300);

  await env.cache.reset();
  expect(await look()).toEqual(baseline);
  expect(await env.cache.client.info('stats')).toContain('evicted_keys:0');
});

test('pub/sub has no neighbours', async () => {
  const listener = new Redis(env.cache.url);
  const heard = new Promise((resolve) => listener.on('message', (_, text) => resolve(text)));
  await listener.subscribe('news');
  expect(await env.cache.client.publish('news', 'hello')).toBe(1);
  expect(await heard).toBe('hello');
  listener.disconnect();
});

test('advance and keys look at database 0', async () => {
  await env.cache.advance(1_000_000);
  expect(await env.cache.keys()).toEqual([]);
});

test('a command to a server that has ended is rejected soon', async () => {
  await using own = await open({ cache: redis({ exclusive: true }) });
  const { client } = own.cache;
  await client.shutdown('NOSAVE').catch(() => {}); // it answers by closing
  await expect(client.ping()).rejects.toThrow(/max retries|closed/i);
});
