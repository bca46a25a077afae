import { use } from '@seamkit/core';
import { redis } from '@seamkit/redis';
import { Redis } from 'ioredis';

async function seed(url: string): Promise<void> {
  const client = new Redis(url);
  await client.set('string', 'value');
  await client.set(Buffer.from([0xff, 0x00, 0x20]), Buffer.from([0x80, 0x00]));
  await client.rpush('list', 'a', 'b', 'c');
  await client.sadd('set', ...Array.from({ length: 600 }, (_, index) => `member ${index}`));
  await client.zadd('sorted', 1, 'one', 2.5, 'two and a half');
  await client.hset('hash', { field: 'value', other: 'too' });
  await client.pfadd('log', 'a', 'b', 'c');
  await client.setbit('bits', 100, 1);
  await client.set('session', 'a', 'EX', 1_000);
  await client.hset('expiring hash', { field: 'value' });
  await client.pexpire('expiring hash', 5_000_000);
  await client.xadd('stream', '1-1', 'n', '1');
  await client.xadd('stream', '1-2', 'n', '2');
  await client.xgroup('CREATE', 'stream', 'group', '0');
  await client.xreadgroup('GROUP', 'group', 'consumer', 'COUNT', 1, 'STREAMS', 'stream', '>');
  await client.quit();
}

const env = use({ cache: redis({ prepare: seed }) });

const keys = [
  'bits',
  'expiring hash',
  'hash',
  'list',
  'log',
  'session',
  'set',
  'sorted',
  'stream',
  'string',
];

/** The whole database, as a client sees it. */
async function look() {
  const { client } = env.cache;
  const pending = (await client.xpending('stream', 'group')) as unknown[];
  const groups = (await client.xinfo('GROUPS', 'stream')) as unknown[];
  return {
    size: await client.dbsize(),
    binary: await client.getBuffer(Buffer.from([0xff, 0x00, 0x20])),
    string: await client.get('string'),
    list: await client.lrange('list', 0, -1),
    set: (await client.smembers('set')).sort(),
    sorted: await client.zrange('sorted', '0', '-1', 'WITHSCORES'),
    hash: await client.hgetall('hash'),
    log: await client.pfcount('log'),
    bits: await client.getBuffer('bits'),
    session: await client.get('session'),
    'expiring hash': await client.hgetall('expiring hash'),
    stream: await client.xrange('stream', '-', '+'),
    pending,
    groups,
    persistent: (await Promise.all(keys.map((key) => client.pttl(key)))).map((ttl) => ttl === -1),
  };
}

let baseline: Awaited<ReturnType<typeof look>>;

beforeAll(async () => {
  baseline = await look();
});

test('the baseline is what prepare left', async () => {
  expect(baseline).toMatchObject({
    size: 11,
    binary: Buffer.from([0x80, 0x00]),
    list: ['a', 'b', 'c'],
    sorted: ['one', '1', 'two and a half', '2.5'],
    log: 3,
    session: 'a',
    pending: [1, '1-1', '1-1', [['consumer', '1']]],
  });
  expect(baseline.set).toHaveLength(600);
  expect((await env.cache.keys()).filter((key) => key.includes('seamkit'))).toEqual([]);
});

// Each change is made in a test of its own; the one after it looks.
const changes: Record<string, (client: Redis) => Promise<unknown>> = {
  nothing: async () => {},
  'set an existing key': (client) => client.set('string', 'other'),
  'append a byte': (client) => client.append('string', '!'),
  'add a key': (client) => client.set('new', '1'),
  'swap one key for another': (client) => client.multi().del('string').set('new', '1').exec(),
  'rename a key': (client) => client.rename('string', 'renamed'),
  'give a key a time to live': (client) => client.expire('string', 1000),
  'let a key expire': (client) => client.pexpireat('string', 1),
  'take the time to live away': (client) => client.persist('session'),
  'shorten the time to live': (client) => client.expire('session', 3),
  'overwrite a key with a time to live': (client) => client.set('session', 'b'),
  'push and pop': (client) => client.multi().lpush('list', 'x').rpop('list').exec(),
  'rotate a list': (client) => client.lmove('list', 'list', 'LEFT', 'RIGHT'),
  'sort in place': (client) => client.sort('list', 'DESC', 'ALPHA', 'STORE', 'list'),
  'remove one member': (client) => client.srem('set', 'member 7'),
  'move a member': (client) => client.smove('set', 'other set', 'member 7'),
  'raise a score': (client) => client.zincrby('sorted', 1, 'one'),
  'pop the least': (client) => client.zpopmin('sorted'),
  'increment a field': (client) => client.hincrby('hash', 'counter', 1),
  'delete a field': (client) => client.hdel('hash', 'other'),
  'add to a HyperLogLog': (client) => client.pfadd('log', 'd', 'e', 'f'),
  'set a bit': (client) => client.setbit('bits', 3, 1),
  'add to a stream': (client) => client.xadd('stream', '*', 'n', '3'),
  'trim a stream': (client) => client.xtrim('stream', 'MAXLEN', 1),
  'read by a group': (client) =>
    client.xreadgroup('GROUP', 'group', 'another', 'STREAMS', 'stream', '>'),
  'acknowledge a message': (client) => client.xack('stream', 'group', '1-1'),
  'claim a message': (client) => client.xclaim('stream', 'group', 'thief', 0, '1-1'),
  'make a consumer': (client) => client.xgroup('CREATECONSUMER', 'stream', 'group', 'idle'),
  'make a group': (client) => client.xgroup('CREATE', 'stream', 'second', '$'),
  'set a group back': (client) => client.xgroup('SETID', 'stream', 'group', '0'),
  'destroy a group': (client) => client.xgroup('DESTROY', 'stream', 'group'),
  'change from a script': (client) => client.eval("redis.call('SET', 'string', 'script')", 0),
  'restore over a key': async (client) =>
    client.restore('string', 0, (await client.dumpBuffer('list'))!, 'REPLACE'),
  'copy over a key': (client) => client.copy('list', 'string', 'REPLACE'),
  'empty the database': (client) => client.flushdb(),
  'empty it and add as many keys': async (client) => {
    await client.flushdb();
    for (let index = 0; index < 11; index++) await client.set(`new ${index}`, 'x');
  },
};

test.each(Object.keys(changes))('after a test that does: %s', async (name) => {
  const client = new Redis(env.cache.url);
  await changes[name]!(client).finally(() => client.disconnect());
  await env.cache.reset();
  expect(await look()).toEqual(baseline);
  expect(await env.cache.client.pttl('session')).toBeGreaterThan(990_000);
  expect(await env.cache.client.pttl('session')).toBeLessThanOrEqual(1_000_000);
  expect(await env.cache.client.pttl('expiring hash')).toBeGreaterThan(4_990_000);
});

test('a write that nobody waited for is gone at the latest after another test', async () => {
  env.cache.client.set('late', '1').catch(() => {});
  await env.cache.reset();
  await env.cache.reset();
  expect(await env.cache.keys('late')).toEqual([]);
});

test('reset works with fake timers that the test left in place', async () => {
  jest.useFakeTimers();
  try {
    await env.cache.client.set('string', 'faked');
    await env.cache.reset();
  } finally {
    jest.useRealTimers();
  }
  expect(await env.cache.client.get('string')).toBe('value');
});
