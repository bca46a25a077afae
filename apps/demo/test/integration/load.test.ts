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

  const met = jest.fn();
  const orders = await meet(env, lock, 10, () => orderAtOnce(api, 100, userId, id), met);

  // Ten waited for the row that we held; the other ninety for one of the ten.
  expect(met).toHaveBeenCalledWith(10);
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
  const atOnce = (count: number) => Promise.all(Array.from({ length: count }, query));
  const inTurn = async (count: number) => {
    for (let turn = 0; turn < count; turn++) await query();
  };
  const perSecond = async (count: number, work: (count: number) => Promise<unknown>) => {
    const start = performance.now();
    await work(count);
    return (count / (performance.now() - start)) * 1000;
  };
  await atOnce(10); // connects

  // The best of several rounds: in some of them the machine had other things to do.
  let [alone, together] = [0, 0];
  for (let round = 0; round < 5; round++) {
    alone = Math.max(alone, await perSecond(10, inTurn));
    together = Math.max(together, await perSecond(100, atOnce));
  }
  await pool.end();

  // Some 9 on an idle machine; 1 with a pool of one connection.
  expect(together / alone).toBeGreaterThan(3);
});
