import { use } from '@seamkit/core';
import type { FastifyInstance } from 'fastify';
import { Client } from 'pg';
import { pino } from 'pino';
import { connectDatabase } from '../../src/database';
import { boundaries, startApi } from '../environment';
import { given } from '../factories';
import { meet } from '../meet';

// What can be said of speed without a stopwatch: how many connections, how many queries, and how
// one way compares with another in the same minute on the same machine.

const { db, cache } = boundaries;
const env = use({ db, cache });

afterEach(() => jest.restoreAllMocks());

/** Orders one piece of a product, `count` times at once. */
function orderAtOnce(api: FastifyInstance, count: number, userId: number, productId: number) {
  const payload = { userId, items: [{ productId, quantity: 1 }] };
  return Promise.all(
    Array.from({ length: count }, () => api.inject({ method: 'POST', url: '/orders', payload })),
  );
}

test('a hundred orders at once share ten connections, and each is placed', async () => {
  await using api = await startApi(env);
  const { id: userId } = await given(env).users.create();
  const { id } = await given(env).products.create({ stock: 100 });
  const lock = `select from products where id = ${id} for update`;

  const [waiting, orders] = await meet(env, lock, 10, async () => {
    const placed = orderAtOnce(api, 100, userId, id);
    const held = `select count(*)::int from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    // Ten wait for the row that we hold; the other ninety for one of the ten.
    let count = 0;
    while (count < 10) [{ count }] = (await env.db.query(held)) as [{ count: number }];
    return [count, await placed] as const;
  });

  expect(waiting).toBe(10);
  expect(new Set(orders.map(({ statusCode }) => statusCode))).toEqual(new Set([201]));
  expect(await env.db.query('select stock from products')).toEqual([{ stock: 0 }]);
});

test.each([
  ['orders', (count: number) => Promise.all(Array.from({ length: count }, given(env).order))],
  ['products', (count: number) => given(env).products.createList(count)],
])('a list of %s takes as many queries for fifty as for two', async (list, make) => {
  await using api = await startApi(env);
  const queries = async () => {
    const query = jest.spyOn(Client.prototype, 'query');
    expect((await api.inject(`/${list}?limit=50`)).statusCode).toBe(200);
    const { length } = query.mock.calls;
    query.mockRestore();
    return length;
  };

  await make(2);
  const forTwo = await queries();
  await make(48);

  expect(forTwo).toBeGreaterThan(0);
  expect(await queries()).toBe(forTwo);
});

test('a product that is asked for a hundred times is read from the database once', async () => {
  await using api = await startApi(env);
  const { id } = await given(env).products.create();
  await api.inject(`/products/${id}`);

  const query = jest.spyOn(Client.prototype, 'query');
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => api.inject(`/products/${id}`)),
  );

  expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  expect(query).not.toHaveBeenCalled();
});

test('the pool answers several times as many queries a second as one connection', async () => {
  const pool = connectDatabase(env.db.url, pino({ level: 'silent' }));
  const query = () => pool.query('select pg_sleep(0.01)');
  const perSecond = async (count: number, work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    return (count / (performance.now() - start)) * 1000;
  };
  const atOnce = (count: number) => Promise.all(Array.from({ length: count }, query));
  await atOnce(10); // connects

  const alone = await perSecond(10, async () => {
    for (let turn = 0; turn < 10; turn++) await query();
  });
  const together = await perSecond(100, () => atOnce(100));
  await pool.end();

  // Some 9 on an idle machine; 1 with a pool of one connection.
  expect(together / alone).toBeGreaterThan(3);
});
