import { setTimeout as delay } from 'node:timers/promises';
import { open, use } from '@seamkit/core';
import { memcached } from '@seamkit/memcached';
import { Client } from 'memjs';
import { send } from './harness';

// What only Memcached has; what every kit must do is in conformance.test.ts.

const awkward = Buffer.from('VA 1\r\nMN\r\nEND\r\n\0\xff', 'latin1');
const month = 30 * 24 * 3600;

const env = use({
  cache: memcached({
    memory: 16,
    async prepare(url) {
      await send(url, 'set flagged 7 0 5\r\nhello\r\n', 'STORED');
      await send(
        url,
        `set hour 0 3600 1\r\na\r\nset months 0 ${month} 1\r\na\r\n`,
        'STORED\r\nSTORED',
      );
      const seconds = Math.floor(Date.now() / 1000) + 3 * month;
      await send(url, `set quarter 0 ${seconds} 1\r\na\r\n`, 'STORED');
      const client = connect(url);
      await client.set('with spaces\r\n', awkward, {});
      await client.set('größe', 'x'.repeat(900_000), {});
      client.quit();
    },
  }),
  other: memcached(),
});

/** Its own half a second is little on a busy machine, and a second try counts twice. */
const patient = { timeout: 20, conntimeout: 20, retries: 0 };
const connect = (url: string) => Client.create(new URL(url).host, patient);
const prepared = ['flagged', 'größe', 'hour', 'months', 'quarter', 'with spaces\r\n'];

/** The keys with their flags, seconds to live and values. */
async function look() {
  const client = connect(env.cache.url);
  const found = [];
  for (const key of await env.cache.keys()) {
    const { value } = await client.get(key);
    const token = Buffer.from(key).toString('base64');
    const answer = await send(env.cache.url, `mg ${token} b f t\r\n`, '\r\n');
    const [, flags, ttl] = /f(\d+) t(-?\d+)/.exec(answer)!;
    found.push({ key, value: value!.toString('latin1'), flags, ttl: seconds(Number(ttl)) });
  }
  client.close();
  return found;
}

/** To the nearest ten minutes: the server's clock goes on. */
const seconds = (ttl: number) => (ttl < 0 ? 'for ever' : Math.round(ttl / 600) * 600);

let baseline: Awaited<ReturnType<typeof look>>;
beforeAll(async () => {
  baseline = await look();
});

test('the baseline is what prepare left: values of any bytes, flags, times to live', async () => {
  expect(baseline.map(({ key }) => key)).toEqual(prepared);
  const ttl = Object.fromEntries(baseline.map((item) => [item.key, item.ttl]));
  expect(ttl).toMatchObject({ hour: 3600, months: month, quarter: 3 * month });
  expect(baseline[0]).toMatchObject({ value: 'hello', flags: '7', ttl: 'for ever' });
  expect(baseline.at(-1)!.value).toBe(awkward.toString('latin1'));
});

const changes: Record<string, string> = {
  'a flush': 'flush_all\r\n',
  'another value': 'set flagged 7 0 5\r\nother\r\n',
  'another time to live': 'touch hour 10\r\n',
  'a key more': 'set more 0 0 1\r\na\r\n',
  'a key less': 'delete quarter\r\n',
  'a lower limit': 'cache_memlimit 8\r\n',
};

test.each(Object.entries(changes))('after a test that leaves: %s', async (_, commands) => {
  await send(env.cache.url, commands, '\r\n');
  await env.cache.reset();
  expect(await look()).toEqual(baseline);
  expect(await env.cache.stats()).toMatchObject({ limit_maxbytes: String(16 << 20) });
});

test('a flush that is still to come does not come in the next test', async () => {
  await send(env.cache.url, 'flush_all 1\r\n', 'OK');
  await env.cache.reset();
  const seconds = async () => Number((await env.cache.stats()).time);
  const begin = await seconds();
  while ((await seconds()) < begin + 2) await delay(50); // it would have come by then
  expect(await look()).toEqual(baseline);
});

test('stats count from the beginning of the test', async () => {
  expect(await env.cache.stats()).toMatchObject({ get_hits: '0', get_misses: '0' });
  const client = connect(env.cache.url);
  await client.get('flagged');
  await client.get('nothing');
  client.close();
  expect(await env.cache.stats()).toMatchObject({ get_hits: '1', get_misses: '1' });
});

test('memory: the server evicts what does not fit', async () => {
  const client = connect(env.cache.url);
  for (let index = 0; index < 30; index++)
    await client.set(`big ${index}`, 'x'.repeat(900_000), {});
  client.close();
  const { evictions, curr_items } = await env.cache.stats();
  expect(Number(evictions)).toBeGreaterThan(0);
  expect(Number(curr_items)).toBeLessThan(30);
});

test('keys() has an item that was read twice just now', async () => {
  await using own = await open({
    cache: memcached({ prepare: (url) => send(url, 'set read 0 0 1\r\na\r\n', 'STORED') }),
  });
  const { url, keys } = own.cache;
  // Where the server has several lists, it moves the item when it is asked for, once it is an old one.
  while (/number_hot [1-9]/.test(await send(url, 'stats items\r\n', 'END'))) await delay(50);
  for (const _ of [1, 2]) await send(url, 'mg read v\r\n', '\r\n');
  for (let round = 0; round < 5; round++) expect(await keys()).toEqual(['read']);
});

test('two boundaries of one file have a server each', async () => {
  expect(env.other.address).not.toBe(env.cache.address);
  expect(await env.other.keys()).toEqual([]);
});

test('a server that runs already is refused at once, with what the kit starts', () => {
  const refused = { code: 'RUNTIME_UNAVAILABLE', hint: expect.stringContaining('process') };
  const error = catchError(() => memcached({ url: 'memcached://127.0.0.1:1' }));
  expect(error).toMatchObject(refused);
});

function catchError(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
