import type { Pool } from 'pg';
import { transaction } from '../database';
import { Refusal } from '../errors';
import { recordEvent } from '../events/outbox';
import type { Order } from './schema';
import { readOrder } from './store';

/**
 * An order leaves `placed` once: paid, or cancelled, and then its items are in stock again. One that
 * may have been charged is not cancelled.
 */
export function settleOrder(pool: Pool, id: number, status: 'paid' | 'cancelled'): Promise<Order> {
  return transaction(pool, async (db) => {
    const { rowCount } = await db.query(
      `update orders set status = $2, charge_key = null, charge_card = null
       where id = $1 and status = 'placed' and ($2 = 'paid' or charge_key is null)`,
      [id, status],
    );
    const order = await readOrder(db, id);
    if (!rowCount) {
      const state = order.status === 'placed' ? 'being paid' : `${order.status} already`;
      throw new Refusal(409, `order ${id} is ${state}`, 'status');
    }
    if (status === 'cancelled') {
      await db.query(
        `update products set stock = stock + quantity
         from order_items where product_id = products.id and order_id = $1`,
        [id],
      );
    }
    await recordEvent(db, `order.${status}`, { orderId: id });
    return order;
  });
}

/** Only what was cancelled may be forgotten. */
export function deleteOrder(pool: Pool, id: number): Promise<void> {
  return transaction(pool, async (db) => {
    const order = await readOrder(db, id);
    const { rowCount } = await db.query(
      `delete from orders where id = $1 and status = 'cancelled'`,
      [id],
    );
    if (!rowCount)
      throw new Refusal(409, `order ${id} is ${order.status}; cancel it first`, 'status');
  });
}
