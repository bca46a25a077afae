import { use } from '@seamkit/core';
import { http, openWebSocket } from '@seamkit/http';

const env = use({ api: http({ origins: ['https://live.example'] }) });

test('an endpoint expects and sends', async () => {
  const rooms = env.api.webSocket('/rooms/:room');
  const client = await openWebSocket(`${env.api.url}/rooms/7`);
  const server = await rooms.connection();
  expect(server.params).toEqual({ room: '7' });
  client.send({ type: 'join', user: 'ann' });
  await server.expect({ type: 'join', user: /^a/ });
  server.send('welcome');
  expect(await client.next()).toBe('welcome');
  server.send(Buffer.from([1, 2]));
  expect(await client.next()).toEqual(Buffer.from([1, 2]));
  expect(server.received()).toEqual([{ type: 'join', user: 'ann' }]);
  server.close(4001, 'enough');
  expect(await client.closed()).toEqual({ code: 4001, reason: 'enough' });
  await expect(client.next()).rejects.toThrow('closed with code 4001 (enough)');
});

test('by its real origin, and broadcast to several', async () => {
  const live = env.api.webSocket('/live');
  const clients = await Promise.all([1, 2, 3].map(() => openWebSocket('wss://live.example/live')));
  await Promise.all(clients.map(() => live.connection()));
  live.broadcast({ price: 5 });
  for (const client of clients) await client.expect({ price: 5 });
  expect(env.api.calls('GET /live')).toHaveLength(3);
});

test('answers by a function', async () => {
  env.api.webSocket('/echo').reply((message) => (message === 'quiet' ? undefined : { message }));
  const client = await openWebSocket(`${env.api.url}/echo`);
  client.send('quiet');
  client.send('loud');
  expect(await client.next()).toEqual({ message: 'loud' });
});

test('what was expected and did not come', async () => {
  const live = env.api.webSocket('/live');
  await expect(live.connection({ timeout: 10 })).rejects.toMatchObject({ code: 'TIMEOUT' });
  const client = await openWebSocket(`${env.api.url}/live`);
  const server = await live.connection();
  await expect(server.next({ timeout: 10 })).rejects.toMatchObject({ code: 'TIMEOUT' });
  client.send({ type: 'leave' });
  await expect(server.expect({ type: 'join' })).rejects.toMatchObject({
    code: 'EXPECTATION_FAILED',
    message: expect.stringContaining('message/type: expected "join", got "leave"'),
  });
  client.terminate();
  expect(await server.closed()).toMatchObject({ code: 1006 });
});

test('a path without an endpoint is an unmatched call', async () => {
  await expect(openWebSocket(`${env.api.url}/nowhere`)).rejects.toMatchObject({
    code: 'SERVER_UNREACHABLE',
    message: expect.stringContaining('501'),
  });
  expect(env.api.acceptUnmatched().map(({ path }) => path)).toEqual(['/nowhere']);
});
