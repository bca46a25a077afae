import type { Database } from '../database';
import { notFound } from '../errors';
import { type Receipt, renderReceipt } from './receipt';
import type { ReceiptStorage } from './storage';

/** Safe to repeat, since an event may come more than once. */
export async function writeReceipt(
  db: Database,
  storage: ReceiptStorage,
  orderId: number,
): Promise<void> {
  const { rows } = await db.query<Receipt>(
    `select orders.id as "orderId", users.name as customer, total_cents as "totalCents",
       (select json_agg(json_build_object('product', products.name, 'quantity', quantity,
          'unitPriceCents', unit_price_cents) order by product_id)
        from order_items join products on products.id = product_id
        where order_id = orders.id) as lines
     from orders join users on users.id = user_id where orders.id = $1`,
    [orderId],
  );
  const [receipt] = rows;
  if (!receipt) throw notFound('order', orderId);
  await storage.write(orderId, renderReceipt(receipt));
}
