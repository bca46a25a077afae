import { use } from '@seamkit/core';
import { exchange } from '../../src/events/topology';
import { boundaries, configFor, startTestWorker } from '../environment';
import { eventually } from '../eventually';
import { given } from '../factories';

const { db, mq, storage } = boundaries;
const env = use({ db, mq, storage });

const pay = (orderId: number) => env.mq.publish(exchange, 'order.paid', { orderId });
const receipt = (orderId: number) => eventually(() => env.storage.text(`receipts/${orderId}.txt`));

test('a paid order gets its receipt', async () => {
  await using _ = await startTestWorker(env);
  const user = await given(env).users.create({ name: 'Ada Lovelace' });
  const teapot = await given(env).products.create({ name: 'Teapot', priceCents: 1999 });
  const items = [{ productId: teapot.id, quantity: 2 }];
  const { id } = await given(env).order({ userId: user.id, items });

  await pay(id);

  const text = await receipt(id);
  expect(text).toContain('Ada Lovelace');
  expect(text).toContain('2 x Teapot at 19.99: 39.98');
  const { bucket, client } = env.storage;
  const { metaData } = await client.statObject(bucket, `receipts/${id}.txt`);
  expect(metaData['content-type']).toBe('text/plain; charset=utf-8');
});

test('an event that comes twice makes one receipt', async () => {
  await using _ = await startTestWorker(env);
  const { id } = await given(env).order();
  const next = await given(env).order();

  await pay(id);
  await pay(id);
  await pay(next.id);

  // They are handled at the same time, so that any may be the first.
  await Promise.all([receipt(id), receipt(next.id)]);
  expect(await env.storage.keys()).toEqual([`receipts/${id}.txt`, `receipts/${next.id}.txt`]);
});

test('what fails waits for its next attempt', async () => {
  const broker = { ...configFor(env).broker!, retryDelay: 60_000 };
  await using _ = await startTestWorker(env, { broker });

  await pay(404);

  const waiting = await env.mq.next('receipts.retry');
  expect(waiting.json()).toEqual({ orderId: 404 });
  expect(waiting.headers).toMatchObject({ attempt: 2 });
  expect(waiting.properties.expiration).toBe('60000');
});

test('a later attempt can succeed', async () => {
  await using _ = await startTestWorker(env);
  const { id } = await given(env).order();

  const expired = { expiration: 1, headers: { attempt: 2 } };
  await env.mq.publish('', 'receipts.retry', { orderId: id }, expired);

  expect(await receipt(id)).toContain(`Receipt for order ${id}`);
});

test('after the last attempt a message is a dead letter', async () => {
  await using _ = await startTestWorker(env);

  await pay(404);

  const dead = await env.mq.deadLettered('receipts');
  expect(dead.json()).toEqual({ orderId: 404 });
  expect(dead.headers).toMatchObject({ attempt: 3 });
  expect(dead.deaths[0]).toMatchObject({ queue: 'receipts', reason: 'rejected' });
});

test.each(['paid!', '{}', '{"orderId":"7"}'])('no retry helps %j', async (text) => {
  await using _ = await startTestWorker(env);

  await env.mq.publish(exchange, 'order.paid', text);

  const dead = await env.mq.deadLettered('receipts');
  expect(dead.text).toBe(text);
  expect(dead.headers.attempt).toBeUndefined();
});

test('a dead letter does not keep the next message waiting', async () => {
  await using _ = await startTestWorker(env);
  const { id } = await given(env).order();

  await pay(404);
  await pay(id);

  expect(await receipt(id)).toContain(`Receipt for order ${id}`);
  expect((await env.mq.deadLettered('receipts')).json()).toEqual({ orderId: 404 });
});

test('a worker that stops loses nothing: a message is handled, or still there', async () => {
  const orders = await Promise.all(Array.from({ length: 20 }, () => given(env).order()));
  for (const { id } of orders) await pay(id);
  {
    await using _ = await startTestWorker(env);
  }

  const handled = await env.storage.keys();
  const left = await env.mq.drain('receipts');
  const keys = [...handled, ...left.map(({ json }) => `receipts/${json().orderId}.txt`)];
  expect(keys.sort()).toEqual(orders.map(({ id }) => `receipts/${id}.txt`).sort());
});
