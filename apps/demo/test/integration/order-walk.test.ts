import { use } from '@seamkit/core';
import { boundaries, startApi, startTestWorker } from '../environment';
import { eventually } from '../eventually';

const env = use(boundaries);

test('an order, from the first request to the receipt in hand', async () => {
  await using api = await startApi(env);
  await using _ = await startTestWorker(env);
  const token = env.auth.token({ scope: 'orders:read orders:write' });
  const headers = { authorization: `Bearer ${token}` };
  const post = async (url: string, payload: object) =>
    (await api.inject({ method: 'POST', url, headers, payload })).json();
  const get = (url: string) => api.inject({ url, headers });

  const user = await post('/users', { email: 'ada@example.com', name: 'Ada Lovelace' });
  const product = await post('/products', { name: 'Teapot', priceCents: 1999, stock: 3 });
  expect((await get(`/products/${product.id}`)).json()).toMatchObject({ stock: 3 });

  const items = [{ productId: product.id, quantity: 2 }];
  const order = await post('/orders', { userId: user.id, items });
  expect(order).toMatchObject({ status: 'placed', totalCents: 3998 });
  expect((await get(`/products/${product.id}`)).json()).toMatchObject({ stock: 1 });

  const url = `/orders/${order.id}`;
  const payment = await post(`${url}/payment`, { card: 'visa' });
  expect(payment).toMatchObject({ status: 'paid' });
  const link = await eventually(async () => {
    const response = await get(`${url}/receipt`);
    return response.statusCode === 200 ? response.json<{ url: string }>() : undefined;
  });

  const receipt = await (await fetch(link.url)).text();
  expect(receipt).toContain('Ada Lovelace');
  expect(receipt).toContain('Total: 39.98');

  const day = order.createdAt.slice(0, 10);
  const written = await api.inject({ method: 'PUT', url: `/exports/${day}`, headers });
  expect(env.folder.text(written.json().file)).toContain(`${order.id},${user.id},paid,3998,`);
});
