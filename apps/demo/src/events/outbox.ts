import type { Pool } from 'pg';
import { type Database, transaction } from '../database';

/** Something that happened to an order. */
export interface OrderEvent {
  id: number;
  type: 'order.placed' | 'order.paid' | 'order.cancelled';
  payload: { orderId: number };
}

/** Call it in the transaction that makes the event true: both happen, or neither. */
export async function recordEvent(
  db: Database,
  type: OrderEvent['type'],
  payload: OrderEvent['payload'],
): Promise<void> {
  await db.query('insert into outbox (type, payload) values ($1, $2)', [type, payload]);
}

const batch = 100;

/**
 * Publishes what waits in the outbox, oldest first, and takes it out once `publish` has resolved.
 * A process that dies in between publishes it again: events come at least once.
 */
export async function publishOutbox(
  pool: Pool,
  publish: (events: OrderEvent[]) => Promise<void>,
): Promise<void> {
  for (let count = batch; count === batch; ) {
    count = await transaction(pool, async (db) => {
      // One process at a time, so that events leave in the order in which they happened.
      await db.query(`select pg_advisory_xact_lock(hashtext('outbox'))`);
      const { rows } = await db.query<OrderEvent>(
        'select id, type, payload from outbox order by id limit $1',
        [batch],
      );
      if (rows.length) await publish(rows);
      await db.query('delete from outbox where id = any($1)', [rows.map((row) => row.id)]);
      return rows.length;
    });
  }
}
