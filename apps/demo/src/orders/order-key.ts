import type { Database } from '../database';
import { Refusal } from '../errors';
import type { NewOrder } from './schema';

/**
 * The id of the order that was placed under this key already. Else undefined, and the key is ours:
 * whoever else comes with it waits until our transaction ends, and tries again if it failed.
 */
export async function claimKey(
  db: Database,
  key: string,
  request: NewOrder,
): Promise<number | undefined> {
  const claimed = await db.query(
    'insert into order_keys (key, request) values ($1, $2) on conflict do nothing',
    [key, request],
  );
  if (claimed.rowCount) return undefined;
  const { rows } = await db.query(
    'select order_id as "orderId", request = $2 as same from order_keys where key = $1',
    [key, request],
  );
  if (rows[0].same) return rows[0].orderId;
  throw new Refusal(409, 'this key belongs to another order', 'idempotency-key');
}

export async function keepKey(db: Database, key: string, orderId: number): Promise<void> {
  await db.query('update order_keys set order_id = $2 where key = $1', [key, orderId]);
}
