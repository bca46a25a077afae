import type { Pool } from 'pg';
import { type Database, transaction } from '../database';
import { Refusal, refuse } from '../errors';
import { recordEvent } from '../events/outbox';
import { claimKey, keepKey } from './order-key';
import type { NewOrder, Order, OrderItem } from './schema';
import { readOrder } from './store';
import { mergeItems, orderTotal } from './total';

/**
 * Takes the items from stock and writes the order with its total: all of it, or nothing.
 * @param key the same order under the same key is placed once, however often it comes
 */
export function placeOrder(pool: Pool, order: NewOrder, key?: string): Promise<Order> {
  return transaction(pool, async (db) => {
    const placed = key && (await claimKey(db, key, order));
    if (placed) return readOrder(db, placed);

    const items = await priceItems(db, order);
    await takeFromStock(db, items);

    const { rows } = await refuse(
      'orders_user',
      new Refusal(400, `there is no user ${order.userId}`, 'userId'),
      db.query('insert into orders (user_id, total_cents) values ($1, $2) returning id', [
        order.userId,
        orderTotal(items),
      ]),
    );
    await db.query(
      `insert into order_items (order_id, product_id, quantity, unit_price_cents)
       select $1, * from unnest($2::integer[], $3::integer[], $4::integer[])`,
      [rows[0].id, ...columnsOf(items), items.map((item) => item.unitPriceCents)],
    );
    if (key) await keepKey(db, key, rows[0].id);
    await recordEvent(db, 'order.placed', { orderId: rows[0].id });
    return readOrder(db, rows[0].id);
  });
}

/**
 * Locks the products until the transaction ends, so neither price nor stock moves meanwhile; in
 * order of id, so that no two orders wait for each other.
 */
async function priceItems(db: Database, order: NewOrder): Promise<Order['items']> {
  const items = mergeItems(order.items);
  const { rows } = await db.query(
    `select id, name, price_cents as "priceCents", stock from products
     where id = any($1) order by id for update`,
    [items.map((item) => item.productId)],
  );
  return items.map((item) => {
    const product = rows.find((row) => row.id === item.productId);
    const at = order.items.findIndex((asked) => asked.productId === item.productId);
    if (!product) {
      throw new Refusal(400, `there is no product ${item.productId}`, `items.${at}.productId`);
    }
    if (product.stock < item.quantity) {
      throw new Refusal(
        409,
        `only ${product.stock} left of ${product.name}`,
        `items.${at}.quantity`,
      );
    }
    return { ...item, unitPriceCents: product.priceCents };
  });
}

async function takeFromStock(db: Database, items: OrderItem[]): Promise<void> {
  await db.query(
    `update products set stock = stock - item.quantity
     from unnest($1::integer[], $2::integer[]) as item (product_id, quantity)
     where id = item.product_id`,
    columnsOf(items),
  );
}

const columnsOf = (items: OrderItem[]) => [
  items.map((item) => item.productId),
  items.map((item) => item.quantity),
];
