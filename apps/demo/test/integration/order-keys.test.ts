import { use } from '@seamkit/core';
import type { FastifyInstance } from 'fastify';
import { boundaries, startApi } from '../environment';
import { given } from '../factories';

const { db } = boundaries;
const env = use({ db });

const order = (api: FastifyInstance, key: string, payload: object) =>
  api.inject({ method: 'POST', url: '/orders', payload, headers: { 'idempotency-key': key } });

/** A valid request, of which there is enough in stock. */
async function request(stock = 10) {
  const { id: userId } = await given(env).users.create();
  const { id: productId } = await given(env).products.create({ stock });
  return { userId, items: [{ productId, quantity: 1 }] };
}

const sold = async () => (await env.db.query('select * from orders')).length;

test('an order that comes again is the order that there is', async () => {
  await using api = await startApi(env);
  const payload = await request();

  const first = await order(api, 'a', payload);
  const again = await order(api, 'a', payload);

  expect(again.statusCode).toBe(201);
  expect(again.json()).toEqual(first.json());
  expect(await sold()).toBe(1);
});

test('of five that come at once, one is placed', async () => {
  await using api = await startApi(env);
  const payload = await request();

  const answers = await Promise.all(Array.from({ length: 5 }, () => order(api, 'a', payload)));

  expect(new Set(answers.map((answer) => answer.json().id)).size).toBe(1);
  expect(await sold()).toBe(1);
});

test('another key is another order', async () => {
  await using api = await startApi(env);
  const payload = await request();

  await order(api, 'a', payload);
  await order(api, 'b', payload);

  expect(await sold()).toBe(2);
});

test('a key that belongs to another order is refused', async () => {
  await using api = await startApi(env);
  const payload = await request();
  await order(api, 'a', payload);

  const items = [{ ...payload.items[0], quantity: 2 }];
  const response = await order(api, 'a', { ...payload, items });

  expect(response.statusCode).toBe(409);
  expect(response.json()).toMatchObject({ field: 'idempotency-key' });
  expect(await sold()).toBe(1);
});

test('an order that failed can be tried again under its key', async () => {
  await using api = await startApi(env);
  const payload = await request(0);
  expect((await order(api, 'a', payload)).statusCode).toBe(409);

  const restock = { method: 'PATCH', url: `/products/${payload.items[0]!.productId}` } as const;
  await api.inject({ ...restock, payload: { stock: 1 } });

  expect((await order(api, 'a', payload)).statusCode).toBe(201);
});
