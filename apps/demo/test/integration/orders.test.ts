import { use } from '@seamkit/core';
import { boundaries, startApi } from '../environment';
import { given } from '../factories';
import { meet } from '../meet';

const env = use({ db: boundaries.db });

const stockOf = async (id: number) =>
  (await env.db.query('select stock from products where id = $1', [id]))[0].stock;

test('an order costs what its items cost, and takes them from stock', async () => {
  await using api = await startApi(env);
  const user = await given(env).users.create();
  const teapot = await given(env).products.create({ priceCents: 1999, stock: 5 });
  const cup = await given(env).products.create({ priceCents: 500, stock: 9 });

  const response = await api.inject({
    method: 'POST',
    url: '/orders',
    payload: {
      userId: user.id,
      items: [
        { productId: teapot.id, quantity: 1 },
        { productId: cup.id, quantity: 4 },
      ],
    },
  });

  expect(response.statusCode).toBe(201);
  expect(response.json()).toMatchObject({ userId: user.id, status: 'placed', totalCents: 3999 });
  expect((await api.inject(response.headers.location!)).json()).toEqual(response.json());
  expect(await stockOf(teapot.id)).toBe(4);
  expect(await stockOf(cup.id)).toBe(5);
});

test('an order keeps its price when the product’s price changes', async () => {
  await using api = await startApi(env);
  const { id, items, totalCents } = await given(env).order();

  const url = `/products/${items[0]!.productId}`;
  await api.inject({ method: 'PATCH', url, payload: { priceCents: 1 } });

  expect((await api.inject(`/orders/${id}`)).json()).toMatchObject({ totalCents, items });
});

test('an order that asks for too much leaves nothing behind', async () => {
  await using api = await startApi(env);
  const user = await given(env).users.create();
  const plenty = await given(env).products.create({ stock: 50 });
  const scarce = await given(env).products.create({ name: 'Teapot', stock: 2 });

  const response = await api.inject({
    method: 'POST',
    url: '/orders',
    payload: {
      userId: user.id,
      items: [
        { productId: plenty.id, quantity: 1 },
        { productId: scarce.id, quantity: 3 },
      ],
    },
  });

  expect(response.statusCode).toBe(409);
  expect(response.json()).toEqual({ error: 'only 2 left of Teapot', field: 'items.1.quantity' });
  expect(await stockOf(plenty.id)).toBe(50);
  expect((await api.inject('/orders')).json().items).toEqual([]);
  expect(await env.db.query('select * from outbox')).toEqual([]);
});

test('an order of nobody leaves the stock alone', async () => {
  await using api = await startApi(env);
  const { id } = await given(env).products.create({ stock: 5 });

  const payload = { userId: 404, items: [{ productId: id, quantity: 1 }] };
  const response = await api.inject({ method: 'POST', url: '/orders', payload });

  expect(response.statusCode).toBe(400);
  expect(response.json()).toEqual({ error: 'there is no user 404', field: 'userId' });
  expect(await stockOf(id)).toBe(5);
});

test('the last piece is sold once', async () => {
  await using api = await startApi(env);
  const user = await given(env).users.create();
  const { id } = await given(env).products.create({ stock: 1 });
  const payload = { userId: user.id, items: [{ productId: id, quantity: 1 }] };

  const responses = await meet(env, 'select * from products for update', 5, () =>
    Promise.all(
      Array.from({ length: 5 }, () => api.inject({ method: 'POST', url: '/orders', payload })),
    ),
  );

  const statuses = responses.map((response) => response.statusCode).sort();
  expect(statuses).toEqual([201, 409, 409, 409, 409]);
  expect(await stockOf(id)).toBe(0);
});

test.each([
  ['userId', { items: [{ productId: 1, quantity: 1 }] }],
  ['items', { userId: 1, items: [] }],
  ['items.0.quantity', { userId: 1, items: [{ productId: 1, quantity: 0 }] }],
  ['items.0.quantity', { userId: 1, items: [{ productId: 1, quantity: '2' }] }],
  ['items.0.productId', { userId: 1, items: [{ productId: 404, quantity: 1 }] }],
  ['items.0.priceCents', { userId: 1, items: [{ productId: 1, quantity: 1, priceCents: 1 }] }],
])('a bad %s is refused by name: %j', async (field, payload) => {
  await using api = await startApi(env);

  const response = await api.inject({ method: 'POST', url: '/orders', payload });

  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ field });
});

test('a cancelled order gives its items back, once', async () => {
  await using api = await startApi(env);
  const { id: productId } = await given(env).products.create({ stock: 5 });
  const { id } = await given(env).order({ items: [{ productId, quantity: 2 }] });
  const cancel = () =>
    api.inject({ method: 'PATCH', url: `/orders/${id}`, payload: { status: 'cancelled' } });

  const responses = await Promise.all([cancel(), cancel()]);

  expect(responses.map((response) => response.statusCode).sort()).toEqual([200, 409]);
  expect(await stockOf(productId)).toBe(5);
});

test('a paid order can be neither cancelled nor deleted', async () => {
  await using api = await startApi(env);
  const { id } = await given(env).order();
  const settle = (status: string) =>
    api.inject({ method: 'PATCH', url: `/orders/${id}`, payload: { status } });

  expect((await settle('paid')).json()).toMatchObject({ status: 'paid' });
  expect((await settle('cancelled')).json()).toMatchObject({ field: 'status' });
  expect((await api.inject({ method: 'DELETE', url: `/orders/${id}` })).statusCode).toBe(409);
});

test('a cancelled order can be deleted, with its items', async () => {
  await using api = await startApi(env);
  const { id } = await given(env).order();
  await api.inject({ method: 'PATCH', url: `/orders/${id}`, payload: { status: 'cancelled' } });

  expect((await api.inject({ method: 'DELETE', url: `/orders/${id}` })).statusCode).toBe(204);
  expect((await api.inject(`/orders/${id}`)).statusCode).toBe(404);
  expect(await env.db.query('select * from order_items')).toEqual([]);
});

test('a user’s orders are listed page by page', async () => {
  await using api = await startApi(env);
  const mine = await given(env).order();
  await given(env).order();
  const later = await given(env).order({ userId: mine.userId });

  const first = (await api.inject(`/orders?userId=${mine.userId}&limit=1`)).json();
  const second = (await api.inject(`/orders?userId=${mine.userId}&after=${first.next}`)).json();

  expect(first.items).toMatchObject([{ id: mine.id }]);
  expect(second).toMatchObject({ items: [{ id: later.id }], next: null });
});

test.each(['GET', 'PATCH', 'DELETE'] as const)('%s of no order finds none', async (method) => {
  await using api = await startApi(env);

  const payload = method === 'PATCH' ? { status: 'paid' } : undefined;
  const response = await api.inject({ method, url: '/orders/404', payload });

  expect(response.statusCode).toBe(404);
});
