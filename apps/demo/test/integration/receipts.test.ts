import { use } from '@seamkit/core';
import { boundaries, startApi } from '../environment';
import { given } from '../factories';

const { db, storage } = boundaries;
const env = use({ db, storage });

/** An order whose receipt has been written. */
async function receipted(text: string): Promise<number> {
  const { id } = await given(env).order();
  const contentType = 'text/plain; charset=utf-8';
  await env.storage.put(`receipts/${id}.txt`, text, { contentType });
  return id;
}

test('a receipt is read through a link, without credentials', async () => {
  await using api = await startApi(env);
  const id = await receipted('Teapot: 19.99 €');

  const link = await api.inject(`/orders/${id}/receipt`);

  expect(link.statusCode).toBe(200);
  expect(link.json()).toMatchObject({ seconds: 900 });
  expect(new URL(link.json().url).searchParams.get('X-Amz-Expires')).toBe('900');
  const receipt = await fetch(link.json().url);
  expect(receipt.status).toBe(200);
  expect(receipt.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(await receipt.text()).toBe('Teapot: 19.99 €');
});

test('a link opens one receipt and no other', async () => {
  await using api = await startApi(env);
  const mine = await receipted('mine');
  const other = await receipted('other');

  const { url } = (await api.inject(`/orders/${mine}/receipt`)).json();

  const foreign = await fetch(url.replace(`receipts/${mine}.txt`, `receipts/${other}.txt`));
  expect(foreign.status).toBe(403);
  const bare = await fetch(url.slice(0, url.indexOf('?')));
  expect(bare.status).toBe(403);
});

test('an order without a receipt says so', async () => {
  await using api = await startApi(env);
  const { id } = await given(env).order();

  const response = await api.inject(`/orders/${id}/receipt`);

  expect(response.statusCode).toBe(404);
  expect(response.json()).toEqual({ error: `order ${id} has no receipt yet` });
});

test('no order, no receipt', async () => {
  await using api = await startApi(env);

  expect((await api.inject('/orders/404/receipt')).json()).toEqual({
    error: 'there is no order 404',
  });
});
