import { use } from '@seamkit/core';
import { boundaries, startApi } from '../environment';
import { given, newProduct } from '../factories';

const env = use({ db: boundaries.db });

test('a product is created, and can be read', async () => {
  await using api = await startApi(env);
  const teapot = { name: 'Teapot', priceCents: 1999, stock: 3 };

  const created = await api.inject({ method: 'POST', url: '/products', payload: teapot });

  expect(created.statusCode).toBe(201);
  expect(created.json()).toMatchObject(teapot);
  expect((await api.inject(created.headers.location!)).json()).toEqual(created.json());
});

test.each([
  ['name', { name: undefined }],
  ['priceCents', { priceCents: -1 }],
  ['priceCents', { priceCents: 19.99 }],
  ['priceCents', { priceCents: '1999' as never }],
  ['stock', { stock: null as never }],
])('a bad %s is refused by name: %j', async (field, changes) => {
  await using api = await startApi(env);

  const payload = { ...newProduct.build(), ...changes };
  const response = await api.inject({ method: 'POST', url: '/products', payload });

  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ field });
});

test('a product may cost nothing, and may be out of stock', async () => {
  await using api = await startApi(env);

  const payload = newProduct.build({ priceCents: 0, stock: 0 });
  const { statusCode } = await api.inject({ method: 'POST', url: '/products', payload });

  expect(statusCode).toBe(201);
});

test('a product changes only in what is said', async () => {
  await using api = await startApi(env);
  const product = await given(env).products.create({ stock: 4 });

  const response = await api.inject({
    method: 'PATCH',
    url: `/products/${product.id}`,
    payload: { stock: 0 },
  });

  expect(response.statusCode).toBe(200);
  expect(response.json()).toMatchObject({ name: product.name, stock: 0 });
});

test('a change of nothing is refused', async () => {
  await using api = await startApi(env);
  const { id } = await given(env).products.create();

  const response = await api.inject({ method: 'PATCH', url: `/products/${id}`, payload: {} });

  expect(response.statusCode).toBe(400);
});

test('a deleted product is gone', async () => {
  await using api = await startApi(env);
  const { id } = await given(env).products.create();

  expect((await api.inject({ method: 'DELETE', url: `/products/${id}` })).statusCode).toBe(204);
  expect((await api.inject(`/products/${id}`)).statusCode).toBe(404);
  expect((await api.inject({ method: 'DELETE', url: `/products/${id}` })).statusCode).toBe(404);
});

test('what has been ordered stays', async () => {
  await using api = await startApi(env);
  const { items } = await given(env).order();

  const response = await api.inject({ method: 'DELETE', url: `/products/${items[0]!.productId}` });

  expect(response.statusCode).toBe(409);
});

test('a list has pages of twenty', async () => {
  await using api = await startApi(env);
  await given(env).products.createList(21);

  const first = (await api.inject('/products')).json();
  const second = (await api.inject(`/products?after=${first.next}`)).json();

  expect(first.items).toHaveLength(20);
  expect(second.items).toHaveLength(1);
  expect(second.next).toBeNull();
});
