import { use } from '@seamkit/core';
import type { FastifyInstance } from 'fastify';
import { noCache } from '../../src/products/cache';
import { cancelUnpaid, startScheduler } from '../../src/scheduler';
import { boundaries, configFor, startApi } from '../environment';
import { eventually } from '../eventually';
import { given } from '../factories';

const { db, payments } = boundaries;
const env = use({ db, payments });

/** An order over 39.98, which is what the cassette holds answers for. */
async function teapots() {
  const teapot = await given(env).products.create({ priceCents: 1999 });
  return given(env).order({ items: [{ productId: teapot.id, quantity: 2 }] });
}

const pay = (api: FastifyInstance, id: number, card = 'visa') =>
  api.inject({ method: 'POST', url: `/orders/${id}/payment`, payload: { card } });

const statusOf = async (id: number) =>
  (await env.db.query('select status from orders where id = $1', [id]))[0].status;

/** A provider that makes each charge once, as the real one does. */
function countingProvider() {
  const charged = new Map<string, object>();
  const route = env.payments.post('/v1/charges').reply(({ headers, json }) => {
    const key = headers['idempotency-key']!;
    const charge = { ...json, id: `charge-${charged.size}`, status: 'succeeded' };
    if (!charged.has(key)) charged.set(key, charge);
    return { status: 201, body: charged.get(key) };
  });
  return { charged, route };
}

/** Long enough for an answer, short enough for a test of one that never comes. */
const impatient = () => ({ payments: { ...configFor(env).payments!, timeout: 500 } });

test('a paid order was charged at the provider', async () => {
  await using api = await startApi(env);
  const { id } = await teapots();

  const response = await pay(api, id);

  expect(response.statusCode).toBe(200);
  expect(response.json()).toMatchObject({ id, status: 'paid' });
  expect(env.payments.calls('POST /v1/charges')).toHaveLength(1);
  expect(await env.db.query('select type from outbox order by id')).toEqual([
    { type: 'order.placed' },
    { type: 'order.paid' },
  ]);
});

test('a declined card pays nothing, and another one can', async () => {
  await using api = await startApi(env);
  const { id } = await teapots();

  const declined = await pay(api, id, 'empty');

  expect(declined.statusCode).toBe(402);
  expect(declined.json()).toEqual({
    error: 'the card was declined: insufficient_funds',
    field: 'card',
  });
  expect(await statusOf(id)).toBe('placed');
  expect((await pay(api, id)).json()).toMatchObject({ status: 'paid' });
  const keys = env.payments.calls().map(({ headers }) => headers['idempotency-key']);
  expect(new Set(keys).size).toBe(2);
});

test('a provider that has too much to do says when to come again', async () => {
  await using api = await startApi(env);
  countingProvider().route.fail('rate-limit', { retryAfter: 7, call: 1 });
  const { id } = await teapots();

  const busy = await pay(api, id);

  expect(busy.statusCode).toBe(503);
  expect(busy.headers['retry-after']).toBe('7');
  expect(await statusOf(id)).toBe('placed');
  expect((await pay(api, id)).statusCode).toBe(200);
});

test.each(['never-answer', 'reset', 'close'] as const)(
  'an answer that is lost (%s) after the charge was made: nobody is charged twice',
  async (failure) => {
    await using api = await startApi(env, impatient());
    const { charged, route } = countingProvider();
    route.fail(failure, { call: 1 });
    const { id } = await teapots();

    const lost = await pay(api, id);

    expect(lost.statusCode).toBe(504);
    expect(charged.size).toBe(1);
    expect((await pay(api, id)).json()).toMatchObject({ status: 'paid' });
    expect(route.calls()).toHaveLength(2);
    expect(charged.size).toBe(1);
  },
);

test('nor is a second card charged while the first may have been', async () => {
  await using api = await startApi(env);
  const { charged, route } = countingProvider();
  route.fail('reset', { call: 1 });
  const { id } = await teapots();

  await pay(api, id, 'visa');
  await pay(api, id, 'another');

  expect([...charged.values()]).toMatchObject([{ card: 'visa' }]);
  expect(await statusOf(id)).toBe('paid');
});

test('too many requests is no word about the charge before it', async () => {
  await using api = await startApi(env);
  const { charged, route } = countingProvider();
  route.fail('reset', { call: 1 }).fail('rate-limit', { call: 2 });
  const { id } = await teapots();

  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await pay(api, id)).statusCode);

  expect(statuses).toEqual([504, 503, 200]);
  expect(charged.size).toBe(1);
});

test('who pays twice at once is charged once', async () => {
  await using api = await startApi(env);
  const { charged } = countingProvider();
  const { id } = await teapots();

  const answers = await Promise.all([pay(api, id), pay(api, id)]);

  expect(answers.map(({ statusCode }) => statusCode)).toContain(200);
  expect(charged.size).toBe(1);
  expect(await statusOf(id)).toBe('paid');
});

test('an order that may have been charged is not cancelled', async () => {
  await using api = await startApi(env);
  countingProvider().route.fail('reset', { call: 1 });
  const { id } = await teapots();
  await pay(api, id);
  await env.db.query(`update orders set created_at = now() - interval '31 minutes'`);

  const payload = { status: 'cancelled' };
  const response = await api.inject({ method: 'PATCH', url: `/orders/${id}`, payload });

  expect(response.statusCode).toBe(409);
  expect(response.json()).toEqual({ error: `order ${id} is being paid`, field: 'status' });
  expect(await cancelUnpaid(env.db.pool, noCache, 30)).toEqual([]);
});

test('the scheduler asks again, when nobody else does', async () => {
  const { charged, route } = countingProvider();
  route.fail('reset', { call: 1 });
  const { id } = await teapots();
  {
    await using api = await startApi(env);
    await pay(api, id);
  }
  const scheduler = await startScheduler(configFor(env));

  await eventually(async () => (await statusOf(id)) === 'paid' || undefined);

  await scheduler.close();
  expect(charged.size).toBe(1);
});

test('what was cancelled cannot be paid', async () => {
  await using api = await startApi(env);
  const { id } = await teapots();
  await env.db.query(`update orders set status = 'cancelled'`);

  const response = await pay(api, id);

  expect(response.statusCode).toBe(409);
  expect(response.json()).toEqual({ error: `order ${id} is cancelled already`, field: 'status' });
  expect(env.payments.calls()).toEqual([]);
});

test('no order, no charge', async () => {
  await using api = await startApi(env);

  expect((await pay(api, 404)).statusCode).toBe(404);
  expect(env.payments.calls()).toEqual([]);
});
