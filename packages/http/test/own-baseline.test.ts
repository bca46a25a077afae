import { open, use } from '@seamkit/core';
import {
  type GraphqlEndpoint,
  http,
  openWebSocket,
  type Route,
  type WebSocketEndpoint,
  type WebSocketPeer,
} from '@seamkit/http';

// A file whose hooks declare routes, and whose service connects as it starts.

let prices: WebSocketEndpoint;
const env = use({
  api: http({
    prepare(stub) {
      stub.get('/prepared').reply(503).reply(200, 'prepared');
      let count = 0;
      prices = stub.webSocket('/prices').reply(() => `price ${++count}`);
    },
  }),
});

let orders: Route;
let live: WebSocketEndpoint;
let peer: WebSocketPeer;
let service: WebSocketPeer;
let listener: WebSocketPeer;
let graphql: GraphqlEndpoint;

const get = async (path: string) => {
  const { status } = await fetch(env.api.url + path);
  return status;
};

beforeAll(async () => {
  orders = env.api.get('/orders').reply(201).reply(202);
  env.api.get('/random').fail('status', { probability: 0.5, seed: 3 });
  env.api.fail('status', { status: 418, call: 5 });
  graphql = env.api.graphql('/graphql');
  graphql.query('Ping').reply({ data: { pong: true } });
  live = env.api.webSocket('/live').reply((message) => `${message}!`);
  service = await openWebSocket(`${env.api.url}/live`);
  peer = await live.connection();
  service.send('of a hook');
  expect(await service.next()).toBe('of a hook!');
  await get('/orders');
  await get('/prepared');
  await get('/nowhere');
  listener = await openWebSocket(`${env.api.url}/prices`);
  listener.send('which?');
  await listener.next();
});

const ask = async (name: string): Promise<unknown> => {
  const body = JSON.stringify({ query: `query ${name} { x }` });
  return (await fetch(`${env.api.url}/graphql`, { method: 'POST', body })).json();
};

let random: number[] | undefined;

describe.each([1, 2, 3])('round %i', (round) => {
  test('routes of hooks and of prepare are as declared, and no call has come', async () => {
    expect(env.api.calls()).toEqual([]);
    expect([await get('/orders'), await get('/orders')]).toEqual([201, 202]);
    expect([await get('/prepared'), await get('/prepared')]).toEqual([503, 200]);
    expect(await get('/orders')).toBe(418); // the fifth call
    expect(await get('/orders')).toBe(202);
    expect(orders.calls()).toHaveLength(4);
    const drawn = [await get('/random'), await get('/random')];
    random ??= drawn;
    expect(drawn).toEqual(random);
    expect(await ask('Ping')).toEqual({ data: { pong: true } });
    orders.reply(404);
  });

  test('what a test adds to a route of hooks goes', async () => {
    expect(await get('/orders')).toBe(201);
    env.api.get('/orders').reply(299);
    expect(await get('/orders')).toBe(299);
  });

  test('an endpoint of hooks takes what tests declare', async () => {
    graphql.query('Added').reply({ data: { round } });
    expect(await ask('Added')).toEqual({ data: { round } });
  });

  test('the service’s connection stays, and no message of before', async () => {
    expect(peer.received()).toEqual([]);
    service.send('ping');
    expect(await service.next()).toBe('ping!');
    expect(await peer.next()).toBe('ping');
    const more = await openWebSocket(`${env.api.url}/live`);
    await live.connection();
    live.reply(() => 'another answer');
    more.send('ping');
    expect(await more.next()).toBe('another answer');
    expect(live.peers()).toHaveLength(2);
  });

  test('other connections do not', () => expect(live.peers()).toEqual([peer]));

  test('a connection to an endpoint of prepare stays, too, and gets the new answers', async () => {
    listener.send('which?');
    expect(await listener.next()).toBe('price 1');
    expect(prices.peers()).toHaveLength(1);
    expect(prices.peers()[0]!.received()).toEqual(['which?']);
    await openWebSocket(`${env.api.url}/prices`);
    await prices.connection();
    await prices.connection();
    expect(prices.peers()).toHaveLength(2);
  });

  test('(only a message)', async () => {
    service.send('more');
    expect(await service.next()).toBe('more!');
  });

  test('which is forgotten', () => expect(peer.received()).toEqual([]));
});

test('where nothing was declared, another reset costs nothing', async () => {
  let prepared = 0;
  await using own = await open({
    api: http({
      prepare: (stub) => {
        prepared++;
        stub.get('/').reply(200);
      },
    }),
  });
  own.api.get('/more');
  await own.setBaseline();
  await own.reset();
  await own.setBaseline();
  expect(prepared).toBe(1);
  await fetch(own.api.url);
  await own.reset();
  expect(prepared).toBe(2);
  expect((await fetch(`${own.api.url}/more`)).status).toBe(200);
});

test('a failure that was added to a route of hooks goes, though nobody asked', async () => {
  await using own = await open({ api: http() });
  const route = own.api.get('/');
  await own.setBaseline();
  route.fail('status', { status: 599 });
  await own.reset();
  expect((await fetch(own.api.url)).status).toBe(200);
});
