import { open, use } from '@seamkit/core';
import { memcached } from '@seamkit/memcached';
import { Client } from 'memjs';
import { send } from './harness';

// A file whose service connects and seeds in `beforeAll`.

const env = use({
  cache: memcached({
    prepare: (url) =>
      send(url, 'set prepared 0 0 1\r\na\r\nset hour 0 3600 1\r\na\r\n', 'STORED\r\nSTORED'),
  }),
});

let service: Client;
let closed = false;

beforeAll(async () => {
  const { host, port } = env.cache.connection;
  service = Client.create(`${host}:${port}`, { timeout: 20, conntimeout: 20, retries: 0 });
  await service.set('prepared', 'by a hook', {});
  await service.set('seed', 'by a hook', { expires: 600 });
  (service as any).servers[0]._socket.on('close', () => {
    closed = true;
  });
});

afterAll(() => service.close());

test.each([1, 2, 3])('what the hooks wrote is there, and their client stays (%i)', async () => {
  const stats = await env.cache.stats();
  expect(stats).toMatchObject({ get_hits: '0', cmd_set: '0' });
  expect(await env.cache.keys()).toEqual(['hour', 'prepared', 'seed']);
  expect((await service.get('prepared')).value!.toString()).toBe('by a hook');
  const answer = await send(env.cache.url, 'mg seed t\r\n', '\r\n');
  expect(Number(/t(\d+)/.exec(answer)![1])).toBeGreaterThan(500);
  expect(closed).toBe(false);
  await send(env.cache.url, 'flush_all\r\nset more 0 0 1\r\na\r\n', 'STORED');
});

test.each([
  ['set', 'set prepared 0 0 1\r\nb\r\n'],
  ['delete', 'delete prepared\r\n'],
  ['touch', 'touch hour 60\r\n'],
  ['get and touch', 'gat 60 hour\r\n'],
  ['append', 'append prepared 0 0 1\r\nb\r\n'],
  ['increment', 'incr number 1\r\n'],
  ['decrement', 'decr number 1\r\n'],
  ['meta set', 'ms prepared 1\r\nb\r\n'],
  ['meta delete', 'md prepared\r\n'],
  ['meta arithmetic', 'ma number\r\n'],
  ['meta get and touch', 'mg hour T60 t\r\n'],
  ['meta get that creates', 'mg new N60 v\r\n'],
  ['flush', 'flush_all\r\n'],
])('setBaseline() sees: %s', async (_, commands) => {
  await using own = await open({
    cache: memcached({
      prepare: (url) =>
        send(
          url,
          'set prepared 0 0 1\r\na\r\nset hour 0 3600 1\r\na\r\nset number 0 0 1\r\n5\r\n',
          'STORED\r\nSTORED\r\nSTORED',
        ),
    }),
  });
  const look = async () => {
    const { url, keys } = own.cache;
    const found = [];
    for (const key of await keys()) {
      const answer = await send(url, `mg ${key} v t\r\n`, '\r\n');
      // Less the seconds that pass, and who may fill an item that a read made.
      found.push([key, answer.replace(/t(\d{2})\d\d\b/, 't$1..').replace(' Z', '')]);
    }
    return found;
  };
  const before = await look();
  await send(own.cache.url, commands, '\r\n');
  const after = await look();
  expect(after).not.toEqual(before);
  await own.setBaseline();
  await send(own.cache.url, 'flush_all\r\n', 'OK');
  await own.reset();
  expect(await look()).toEqual(after);
});
