import type { FastifyBaseLogger } from 'fastify';
import type { Pool } from 'pg';
import { Refusal } from '../errors';
import type { Order } from '../orders/schema';
import { settleOrder } from '../orders/settle-order';
import { readOrder } from '../orders/store';
import type { Charge, PaymentProvider } from './provider';

/**
 * Charges the order's total once, however often it is asked for, and whatever gets lost on the way:
 * the charge is written down before the provider hears of it, and forgotten only when it is certain
 * that it was not made.
 */
export async function payOrder(
  pool: Pool,
  provider: PaymentProvider,
  id: number,
  card: string,
  log: FastifyBaseLogger,
): Promise<Order> {
  const charge = await beginCharge(pool, id, card);
  const outcome = await provider.charge(charge);
  if ('unknown' in outcome) {
    log.warn(outcome.unknown, `order ${id} may be charged or not`);
    throw new Refusal(504, 'it is not known yet whether the card was charged; ask again');
  }
  if ('busy' in outcome) {
    const headers = { 'retry-after': outcome.retryAfter };
    throw new Refusal(503, 'too many payments at once; ask again', undefined, headers);
  }
  if (!outcome.charged) {
    await endCharge(pool, id, charge);
    throw new Refusal(402, `the card was declined: ${outcome.because}`, 'card');
  }
  return settleOrder(pool, id, 'paid');
}

/** The charge that is under way already, whatever its card: it may have been made. Else a new one. */
async function beginCharge(pool: Pool, id: number, card: string): Promise<Charge> {
  const { rows } = await pool.query<Charge>(
    `update orders set charge_key = coalesce(charge_key, gen_random_uuid()),
       charge_card = coalesce(charge_card, $2)
     where id = $1 and status = 'placed'
     returning charge_key as key, charge_card as card, total_cents as "amountCents"`,
    [id, card],
  );
  if (rows[0]) return rows[0];
  const { status } = await readOrder(pool, id);
  throw new Refusal(409, `order ${id} is ${status} already`, 'status');
}

async function endCharge(pool: Pool, id: number, { key }: Charge): Promise<void> {
  await pool.query(
    `update orders set charge_key = null, charge_card = null where id = $1 and charge_key = $2`,
    [id, key],
  );
}
