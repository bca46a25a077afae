import { use } from '@seamkit/core';
import { exchange } from '../../src/events/topology';
import { boundaries, startApi } from '../environment';
import { given } from '../factories';

const { db, mq } = boundaries;
const env = use({ db, mq });

/** A queue that gets every event; gone after the test, as all that a test declares. */
async function listen(): Promise<string> {
  await env.mq.channel.assertQueue('all');
  await env.mq.channel.bindQueue('all', exchange, '#');
  return 'all';
}

test('a placed order is announced', async () => {
  await using api = await startApi(env);
  const all = await listen();
  const { id: userId } = await given(env).users.create();
  const { id: productId } = await given(env).products.create();

  const payload = { userId, items: [{ productId, quantity: 1 }] };
  const order = (await api.inject({ method: 'POST', url: '/orders', payload })).json();

  const event = await env.mq.next(all);
  expect(event).toMatchObject({ exchange: 'orders', routingKey: 'order.placed' });
  expect(event.json()).toEqual({ orderId: order.id });
});

test('what happened to an order is told in the order in which it happened', async () => {
  await using api = await startApi(env);
  const all = await listen();
  const { id } = await given(env).order();

  await api.inject({ method: 'PATCH', url: `/orders/${id}`, payload: { status: 'cancelled' } });

  const events = await env.mq.drain(all, { count: 2 });
  expect(events.map((event) => event.routingKey)).toEqual(['order.placed', 'order.cancelled']);
});

test('an event that the broker has is in the outbox no more', async () => {
  const all = await listen();
  await given(env).order();
  {
    await using _ = await startApi(env);
    await env.mq.next(all);
  }

  expect(await env.db.query('select * from outbox')).toEqual([]);
});

test('without a broker orders are taken, and announced later', async () => {
  const all = await listen();
  // Nobody listens on port 1.
  const broker = { url: 'amqp://127.0.0.1:1', attempts: 1, retryDelay: 1 };
  {
    await using api = await startApi(env, { broker });
    const { id } = await given(env).order();
    const payload = { status: 'paid' };
    const response = await api.inject({ method: 'PATCH', url: `/orders/${id}`, payload });
    expect(response.statusCode).toBe(200);
  }
  expect(await env.mq.drain(all)).toEqual([]);

  await using _ = await startApi(env);

  const events = await env.mq.drain(all, { count: 2 });
  expect(events.map((event) => event.routingKey)).toEqual(['order.placed', 'order.paid']);
});

test('only a paid order needs a receipt', async () => {
  await using api = await startApi(env);
  const { id } = await given(env).order();
  const other = await given(env).order();

  const pay = { status: 'paid' };
  await api.inject({ method: 'PATCH', url: `/orders/${id}`, payload: pay });

  expect((await env.mq.next('receipts')).json()).toEqual({ orderId: id });
  expect(await env.mq.drain('receipts')).toEqual([]);
  expect(other.status).toBe('placed');
});
