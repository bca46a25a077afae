import { setTimeout as delay } from 'node:timers/promises';
import { use } from '@seamkit/core';
import { redis } from '@seamkit/redis';
import { Redis } from 'ioredis';

// What the hooks of a file do on the whole of its own server.

const library = '#!lua name=shop\nredis.register_function("price", function() return 7 end)';

const env = use({ own: redis({ exclusive: true }) });

const script = "return redis.call('GET', 'seed')";
const closed: string[] = [];
const clients: Redis[] = [];
let heard: string[] = [];
let sha: unknown;

const connect = (name: string, access?: string) => {
  const url = access ? env.own.url.replace(/\/\/.*@/, `//${access}@`) : env.own.url;
  const client = new Redis(url, { retryStrategy: null });
  client.on('close', () => closed.push(name));
  clients.push(client);
  return client;
};

beforeAll(async () => {
  const client = connect('pool');
  await client.multi().select(3).set('in another', 'by a hook').select(0).exec();
  await client.set('seed', 'by a hook', 'EX', 500);
  await client.function('LOAD', library);
  await client.config('SET', 'hash-max-listpack-entries', '9');
  await client.call('ACL', 'SETUSER', 'service', 'on', '>secret', '~*', '+@all', '&*');
  sha = await client.script('LOAD', script);
  const subscriber = connect('subscriber', 'service:secret');
  subscriber.on('message', (_, text) => heard.push(text));
  await subscriber.subscribe('news');
});

afterAll(() => {
  for (const client of clients) client.disconnect();
});

test.each([1, 2, 3])(
  'what the hooks did is there in each test, and their clients stay (%i)',
  async () => {
    const { client } = env.own;
    expect(await client.get('seed')).toBe('by a hook');
    expect(await client.pttl('seed')).toBeGreaterThan(490_000);
    expect(await client.fcall('price', 0)).toBe(7);
    expect(await client.config('GET', 'hash-max-listpack-entries')).toContain('9');
    expect(await client.evalsha(String(sha), 0)).toBe('by a hook');
    expect((await client.info('keyspace')).match(/db\d+:keys=\d+/g)).toEqual([
      'db0:keys=1',
      'db3:keys=1',
    ]);
    await client.publish('news', 'hello');
    while (heard.length === 0) await delay(5);
    heard = [];
    expect(closed).toEqual([]);
    await client.flushall();
    await client.function('FLUSH');
    await client.expire('seed', 5);
    await client.config('SET', 'hash-max-listpack-entries', '5');
  },
);
