import { use } from '@seamkit/core';
import { noCache } from '../../src/products/cache';
import { cancelUnpaid, startScheduler } from '../../src/scheduler';
import { boundaries, configFor } from '../environment';
import { eventually } from '../eventually';
import { given } from '../factories';
import { meet } from '../meet';

const { db } = boundaries;
const env = use({ db });

/** An order that was placed so long ago: we move the order, not the clock. */
async function orderOf(minutesAgo: number) {
  const order = await given(env).order();
  const moved = `update orders set created_at = now() - make_interval(mins => $2) where id = $1`;
  await env.db.query(moved, [order.id, minutesAgo]);
  return order;
}

const statusOf = async (id: number) =>
  (await env.db.query('select status from orders where id = $1', [id]))[0].status;

test('what is not paid in time is cancelled, and its items are for sale again', async () => {
  const late = await orderOf(31);
  const early = await orderOf(29);
  const { productId } = late.items[0]!;
  const stock = 'select stock from products where id = $1';
  const [before] = await env.db.query(stock, [productId]);

  expect(await cancelUnpaid(env.db.pool, noCache, 30)).toEqual([late.id]);

  expect(await statusOf(late.id)).toBe('cancelled');
  expect(await statusOf(early.id)).toBe('placed');
  expect(await env.db.query(stock, [productId])).toEqual([{ stock: before.stock + 1 }]);
});

test('what is paid stays paid', async () => {
  const { id } = await orderOf(31);
  await env.db.query(`update orders set status = 'paid'`);

  expect(await cancelUnpaid(env.db.pool, noCache, 30)).toEqual([]);

  expect(await statusOf(id)).toBe('paid');
});

test('two schedulers cancel each order once', async () => {
  const { items } = await orderOf(31);
  const { productId } = items[0]!;
  const stock = 'select stock from products where id = $1';
  const [before] = await env.db.query(stock, [productId]);

  const look = () => cancelUnpaid(env.db.pool, noCache, 30);
  const cancelled = await meet(env, 'select * from orders for update', 2, () =>
    Promise.all([look(), look()]),
  );

  expect(cancelled.flat()).toHaveLength(1);
  expect(await env.db.query(stock, [productId])).toEqual([{ stock: before.stock + 1 }]);
});

test('the scheduler looks as soon as it starts', async () => {
  const { id } = await orderOf(31);
  const scheduler = await startScheduler(configFor(env));

  await eventually(async () => (await statusOf(id)) === 'cancelled' || undefined);

  await scheduler.close();
});
