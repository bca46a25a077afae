import { setTimeout as delay } from 'node:timers/promises';
import { use } from '@seamkit/core';
import { redis } from '@seamkit/redis';
import { Redis } from 'ioredis';

const env = use({
  cache: redis({ settings: { 'notify-keyspace-events': 'Ex' } }),
  fields: redis({
    async prepare(url) {
      const client = new Redis(url);
      await client.hset('hash', { short: '1', long: '2', forever: '3' });
      const replies = await client
        .pipeline()
        .call('HPEXPIRE', 'hash', 20_000, 'FIELDS', 1, 'short')
        .call('HPEXPIRE', 'hash', 100_000, 'FIELDS', 1, 'long')
        .exec();
      if (!replies![0]![0]) await client.set('supported', '1');
      client.disconnect();
    },
  }),
  timed: redis({
    async prepare(url) {
      const client = new Redis(url);
      await client.set('long', '1', 'EX', 100);
      await client.set('short', '1', 'PX', 4_000);
      client.disconnect();
    },
  }),
});

describe('times to live of the baseline begin anew in each test, whether it wrote or not', () => {
  /** When `long` was due in the test before, and how long that lasted; ms of the server's clock. */
  let before: { due: number; lasted: number } | undefined;

  async function clock(): Promise<number> {
    const [seconds, micros] = await env.timed.client.time();
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  }

  /** From one reset to the next at least the test in between passes: by that `long` is due later. */
  async function look(pass: () => Promise<void>): Promise<void> {
    const begin = await clock();
    const due = Number(await env.timed.client.call('PEXPIRETIME', 'long'));
    if (before) expect(due - before.due).toBeGreaterThanOrEqual(before.lasted);
    await pass();
    before = { due, lasted: (await clock()) - begin };
  }

  test('(time passes, and a key expires)', () =>
    look(async () => {
      const end = Date.now() + 20_000;
      while ((await env.timed.keys()).includes('short')) {
        expect(Date.now()).toBeLessThan(end);
        await delay(20);
      }
    }));

  test('(time passes, and no key expires)', () =>
    look(async () => {
      expect(await env.timed.keys()).toEqual(['long', 'short']);
      const begin = await clock();
      while ((await clock()) < begin + 100) await delay(20);
    }));

  test('all is as it was', () =>
    look(async () => expect(await env.timed.keys()).toEqual(['long', 'short'])));
});

test('expireNow: the key is gone, and the server says so', async () => {
  const { client, expireNow } = env.cache;
  const listener = new Redis(env.cache.url);
  const heard = new Promise((resolve) => listener.on('message', (_, key) => resolve(key)));
  await listener.subscribe(`__keyevent@${new URL(env.cache.url).pathname.slice(1)}__:expired`);
  await client.set('session', 'a', 'EX', 3600);
  await client.set('other', 'b', 'EX', 3600);

  await expireNow('session');

  expect(await client.get('session')).toBeNull();
  expect(await client.get('other')).toBe('b');
  expect(await heard).toBe('session');
  listener.disconnect();
});

test('expireNow refuses what would not expire', async () => {
  await env.cache.client.set('forever', '1');
  const forever = env.cache.expireNow('forever');
  await expect(forever).rejects.toMatchObject({ code: 'EXPECTATION_FAILED' });
  await expect(forever).rejects.toThrow(/'forever' has no time to live/);
  await expect(env.cache.expireNow('nothing')).rejects.toThrow(/there is no key 'nothing'/);
  expect(await env.cache.keys()).toEqual(['forever']);
});

test('advance: what is due is gone, the rest is nearer', async () => {
  const { client, advance } = env.cache;
  await client.set('due', '1', 'PX', 60_000);
  await client.set('not yet', '1', 'PX', 90_000);
  await client.set('later', '1', 'EX', 3600);
  await client.set('forever', '1');

  await advance(60_000);

  expect(await env.cache.keys()).toEqual(['forever', 'later', 'not yet']);
  const left = await client.pttl('later');
  expect(left).toBeLessThanOrEqual(3_540_000);
  expect(left).toBeGreaterThan(3_530_000);
  expect(await client.pttl('forever')).toBe(-1);
});

test('advance stays in its own database', async () => {
  await env.cache.client.set('key', '1', 'EX', 10);
  await env.cache.advance(9_000);
  expect(await env.cache.client.exists('key')).toBe(1);
});

test.each([0, -1, Number.NaN, 1.5, '5'])('advance(%p) is refused', async (ms) => {
  await expect(env.cache.advance(ms as number)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

describe('times to live of hash fields', () => {
  /** Redis 7.4, Valkey 9. */
  async function known(): Promise<boolean> {
    const there = await env.fields.client.exists('supported');
    if (!there) console.log('skipped: this server has no times to live for hash fields');
    return there === 1;
  }

  test('advance passes them', async () => {
    if (!(await known())) return;
    await env.fields.advance(30_000);
    expect(await env.fields.client.hgetall('hash')).toEqual({ long: '2', forever: '3' });
    const [left] = (await env.fields.client.call('HPTTL', 'hash', 'FIELDS', 1, 'long')) as number[];
    expect(left).toBeLessThanOrEqual(70_000);
  });

  test('reset restores them', async () => {
    if (!(await known())) return;
    const { client } = env.fields;
    expect(await client.hgetall('hash')).toEqual({ short: '1', long: '2', forever: '3' });
    const [left] = (await client.call('HPTTL', 'hash', 'FIELDS', 1, 'long')) as number[];
    expect(left).toBeGreaterThan(70_000);
    expect(await client.pttl('hash')).toBe(-1);
    await client.call('HPERSIST', 'hash', 'FIELDS', 1, 'short');
  });

  test('reset restores them again', async () => {
    if (!(await known())) return;
    const [left] = (await env.fields.client.call(
      'HPTTL',
      'hash',
      'FIELDS',
      1,
      'short',
    )) as number[];
    expect(left).toBeGreaterThan(0);
  });
});
