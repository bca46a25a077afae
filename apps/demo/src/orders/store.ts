import type { Database } from '../database';
import { notFound } from '../errors';
import type { Order, OrderPage } from './schema';

const columns = `id, user_id as "userId", status, total_cents as "totalCents",
  created_at as "createdAt",
  (select json_agg(json_build_object('productId', product_id, 'quantity', quantity,
     'unitPriceCents', unit_price_cents) order by product_id)
   from order_items where order_id = orders.id) as items`;

export async function readOrder(db: Database, id: number): Promise<Order> {
  const { rows } = await db.query(`select ${columns} from orders where id = $1`, [id]);
  return rows[0] ?? missing(id);
}

export async function listOrders(
  db: Database,
  { after, limit, userId }: OrderPage,
): Promise<Order[]> {
  const { rows } = await db.query(
    `select ${columns} from orders
     where id > $1 and ($3::integer is null or user_id = $3) order by id limit $2`,
    [after, limit + 1, userId],
  );
  return rows;
}

function missing(id: number): never {
  throw notFound('order', id);
}
