import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { open, use } from '@seamkit/core';
import { redis } from '@seamkit/redis';
import { Redis } from 'ioredis';

// A file whose service starts, seeds and listens in `beforeAll`.

const members = Array.from({ length: 600 }, (_, index) => `member ${index}`);

async function seed(url: string): Promise<void> {
  const client = new Redis(url);
  await client.mset({ untouched: 'template', overwritten: 'template', deleted: 'template' });
  await client.sadd('set', ...members);
  await client.hset('hash', Object.fromEntries(members.map((name) => [name, 'value'])));
  await client.rpush('list', 'a', 'b');
  await client.zadd('sorted', 1, 'one', 2, 'two');
  await client.xadd('stream', '1-1', 'n', '1');
  await client.xgroup('CREATE', 'stream', 'group', '0');
  await client.set('session', 'a', 'EX', 1_000);
  await client.quit();
}

// A server of this file's own: there nothing is given back that others then get, so that a database
// has the number of its sandbox.
const workspace = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-own-baseline-')));
process.env.SEAMKIT_WORKSPACE = workspace;

const env = use({ cache: redis({ prepare: seed }), empty: redis() });
const opened: Redis[] = [];
const closed: string[] = [];
const printed: string[] = [];

function connect(url: string, name = 'test'): Redis {
  const client = new Redis(url, {
    retryStrategy: null,
    disconnectTimeout: 50,
    connectionName: name,
  });
  client.on('error', () => {});
  client.on('close', () => closed.push(name));
  opened.push(client);
  return client;
}

/** What the kit keeps for the sandbox of this url, beside its template: it is in database 0. */
async function kept(url: string): Promise<{ client: Redis; facts: string; keys: string[] }> {
  const client = connect(Object.assign(new URL(url), { pathname: '/0' }).href);
  const [, index] = new URL(url).pathname.split('/');
  const [facts = 'none'] = await client.keys(`seamkit:facts:*[^0-9]${index}`);
  return { client, facts, keys: (await client.hkeys(facts)).sort() };
}

const jobs: string[] = [];
const news: string[] = [];
let writer: Redis;
let spy: Redis;

async function consume(client: Redis): Promise<void> {
  for (;;) {
    const job = await client.blpop('jobs', 0).catch(() => undefined);
    if (!job) return;
    jobs.push(job[1]);
  }
}

beforeAll(async () => {
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
  writer = connect(env.cache.url, 'pool');
  await writer.set('overwritten', 'by a hook');
  await writer.del('deleted');
  await writer.set('added', 'by a hook', 'EX', 500);
  await connect(env.empty.url).rpush('queue', 'first');
  const subscriber = connect(env.cache.url, 'subscriber');
  subscriber.on('message', (_, text) => news.push(text));
  await subscriber.subscribe('own-baseline news');
  const consumer = connect(env.cache.url, 'consumer');
  await consumer.ping();
  void consume(consumer);
  // With the kit's clients as well.
  spy = env.empty.client;
  spy.on('close', () => closed.push('spy'));
  await spy.subscribe('own-baseline news');
  const twin = env.cache.client.duplicate();
  opened.push(twin);
  twin.on('close', () => closed.push('twin'));
  await twin.subscribe('own-baseline news');
});

afterAll(() => {
  jest.restoreAllMocks();
  for (const client of opened) client.disconnect();
  rmSync(workspace, { recursive: true });
});

describe.each([1, 2, 3])('round %i', () => {
  test('what the hooks wrote, over what prepare left, is there', async () => {
    const { client } = env.cache;
    expect(await client.mget('untouched', 'overwritten', 'deleted', 'added')).toEqual([
      'template',
      'by a hook',
      null,
      'by a hook',
    ]);
    expect(await env.cache.keys()).toEqual(
      'added hash list overwritten session set sorted stream untouched'.split(' '),
    );
    expect(await env.empty.keys()).toEqual(['queue']);
  });

  test('times to live begin anew', async () => {
    const { client } = env.cache;
    expect(await client.pttl('session')).toBeGreaterThan(990_000);
    expect(await client.pttl('added')).toBeGreaterThan(490_000);
    await client.pexpire('session', 1);
    await client.expire('added', 5);
    await client.persist('overwritten');
  });

  test('the service’s clients are those of before, and at work', async () => {
    await writer.rpush('jobs', 'a job');
    await until(() => jobs.length > 0);
    await until(async () => (await writer.publish('own-baseline news', 'extra')) > 0);
    await until(() => news.length > 0);
    jobs.length = news.length = 0;
    expect(closed.filter((name) => name !== 'test')).toEqual([]);
    expect(env.empty.client).toBe(spy);
    await writer.flushdb();
    const own = connect(env.empty.url);
    await own.del('queue');
    own.disconnect();
  });
});

describe('what a hook closes after its test', () => {
  let client: Redis;
  afterEach(() => client.quit());
  test.each([1, 2])('is open in it (%i)', async () => {
    client = connect(env.cache.url);
    await client.subscribe('own-baseline more');
  });
});

test('nobody is warned of what hooks connected, or closed', () => {
  expect(printed.filter((line) => line.includes('left'))).toEqual([]);
});

test('only what was written is kept', async () => {
  expect((await kept(env.cache.url)).keys).toEqual(['added', 'deleted', 'overwritten']);
  expect((await kept(env.empty.url)).keys).toEqual(['queue']);
});

test('setBaseline() in a test holds for the tests after it', async () => {
  await using own = await open({ cache: redis({ prepare: seed }) });
  const { client } = own.cache;
  await client.set('added', 'by a hook');
  await own.setBaseline();
  await client.del('added');
  await client.set('deleted', 'back');
  await client.srem('set', 'member 7');
  await own.cache.setBaseline();
  for (const _test of [1, 2]) {
    await client.flushdb();
    await own.reset();
    expect(await client.mget('added', 'deleted')).toEqual([null, 'back']);
    expect(await client.scard('set')).toBe(599);
  }
  expect((await kept(own.cache.url)).keys).toEqual(['deleted', 'set']);
});

test('where nothing differs nothing is kept, though others write on the server', async () => {
  await using own = await open({ cache: redis({ prepare: seed }) });
  await env.empty.client.set('noise', 'of a neighbour');
  await own.setBaseline();
  expect((await kept(own.cache.url)).keys).toEqual([]);
});

test('a baseline that is gone is told', async () => {
  await using own = await open({ cache: redis({ key: 'to be lost' }) });
  await own.cache.client.set('key', 'value');
  await own.setBaseline();
  const { client, facts, keys } = await kept(own.cache.url);
  expect(keys).toEqual(['key']);
  await client.del(facts);
  await expect(own.reset()).rejects.toMatchObject({ code: 'BASELINE_LOST' });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('waited 20 s');
    await delay(5);
  }
}
