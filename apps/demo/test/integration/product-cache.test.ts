import { use } from '@seamkit/core';
import { boundaries, configFor, startApi } from '../environment';
import { given } from '../factories';

const { db, cache } = boundaries;
const env = use({ db, cache });

/** A change that the service does not see, so what it still serves comes from its cache. */
const renameBehindItsBack = (id: number) =>
  env.db.query(`update products set name = 'Renamed' where id = $1`, [id]);

test('a product is read from the database once', async () => {
  await using api = await startApi(env);
  const { id, name } = await given(env).products.create();

  const first = (await api.inject(`/products/${id}`)).json();
  await renameBehindItsBack(id);
  const second = (await api.inject(`/products/${id}`)).json();

  expect(first).toMatchObject({ id, name });
  expect(second).toEqual(first);
});

test('a cached product is read anew when its time is over', async () => {
  await using api = await startApi(env, { cache: { ...configFor(env).cache!, seconds: 60 } });
  const { id, name } = await given(env).products.create();
  await api.inject(`/products/${id}`);
  await renameBehindItsBack(id);

  await env.cache.advance(59_000);
  expect((await api.inject(`/products/${id}`)).json()).toMatchObject({ name });

  await env.cache.advance(1_000);
  expect((await api.inject(`/products/${id}`)).json()).toMatchObject({ name: 'Renamed' });
});

test('a change shows at once', async () => {
  await using api = await startApi(env);
  const { id } = await given(env).products.create();
  await api.inject(`/products/${id}`);

  await api.inject({ method: 'PATCH', url: `/products/${id}`, payload: { name: 'Teapot' } });

  expect((await api.inject(`/products/${id}`)).json()).toMatchObject({ name: 'Teapot' });
});

test('what was sold shows at once, and so does what came back', async () => {
  await using api = await startApi(env);
  const { id: userId } = await given(env).users.create();
  const { id } = await given(env).products.create({ stock: 5 });
  const stock = async () => (await api.inject(`/products/${id}`)).json().stock;
  expect(await stock()).toBe(5);

  const payload = { userId, items: [{ productId: id, quantity: 2 }] };
  const order = (await api.inject({ method: 'POST', url: '/orders', payload })).json();
  expect(await stock()).toBe(3);

  const cancel = { status: 'cancelled' };
  await api.inject({ method: 'PATCH', url: `/orders/${order.id}`, payload: cancel });
  expect(await stock()).toBe(5);
});

test('a deleted product is gone, cached or not', async () => {
  await using api = await startApi(env);
  const { id } = await given(env).products.create();
  await api.inject(`/products/${id}`);

  await api.inject({ method: 'DELETE', url: `/products/${id}` });

  expect((await api.inject(`/products/${id}`)).statusCode).toBe(404);
  expect(await env.cache.keys()).toEqual([]);
});

test('a product that nobody has is not cached', async () => {
  await using api = await startApi(env);

  expect((await api.inject('/products/404')).statusCode).toBe(404);

  expect(await env.cache.keys()).toEqual([]);
});

test('what cannot be read in the cache is read in the database', async () => {
  await using api = await startApi(env);
  const { id, name } = await given(env).products.create();
  await env.cache.client.set(`product:${id}`, '{"name":');

  expect((await api.inject(`/products/${id}`)).json()).toMatchObject({ name });
});

test('without Redis the service is whole, only slower', async () => {
  // Nobody listens on port 1.
  await using api = await startApi(env, { cache: { url: 'redis://127.0.0.1:1', seconds: 60 } });
  const { id } = await given(env).products.create();
  await api.inject(`/products/${id}`);

  const payload = { name: 'Teapot' };
  const change = await api.inject({ method: 'PATCH', url: `/products/${id}`, payload });

  expect(change.statusCode).toBe(200);
  expect((await api.inject(`/products/${id}`)).json()).toMatchObject({ name: 'Teapot' });
});
