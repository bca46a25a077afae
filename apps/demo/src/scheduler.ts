import { clearInterval, setInterval } from 'node:timers';
import type { FastifyBaseLogger } from 'fastify';
import type { Pool } from 'pg';
import { pino } from 'pino';
import type { Config } from './config';
import { connectDatabase } from './database';
import { Refusal } from './errors';
import { settleOrder } from './orders/settle-order';
import { payOrder } from './payments/pay-order';
import { connectPayments, type PaymentProvider } from './payments/provider';
import { connectProductCache, noCache, type ProductCache } from './products/cache';

/** Cancels each order that waits for its payment longer than that. Several may run at once. */
export async function cancelUnpaid(
  pool: Pool,
  cache: ProductCache,
  minutes: number,
): Promise<number[]> {
  const { rows } = await pool.query<{ id: number }>(
    `select id from orders where status = 'placed'
     and created_at < now() - make_interval(mins => $1) order by id`,
    [minutes],
  );
  const cancelled: number[] = [];
  for (const { id } of rows) {
    try {
      const { items } = await settleOrder(pool, id, 'cancelled');
      await cache.forget(...items.map((item) => item.productId));
      cancelled.push(id);
    } catch (error) {
      // Paid, or cancelled by somebody else, since we looked.
      if (!(error instanceof Refusal)) throw error;
    }
  }
  return cancelled;
}

/** Asks again for each charge whose outcome is not known. Several may run at once. */
export async function finishCharges(
  pool: Pool,
  provider: PaymentProvider,
  log: FastifyBaseLogger,
): Promise<void> {
  const { rows } = await pool.query<{ id: number; card: string }>(
    `select id, charge_card as card from orders
     where status = 'placed' and charge_key is not null order by id`,
  );
  for (const { id, card } of rows) {
    try {
      await payOrder(pool, provider, id, card, log);
    } catch (error) {
      // Declined, or still not known: then the next round asks again.
      if (!(error instanceof Refusal)) throw error;
    }
  }
}

/** Looks for unpaid orders now and every minute. `close()` finishes what it has begun. */
export async function startScheduler(config: Config): Promise<{ close(): Promise<void> }> {
  const log: FastifyBaseLogger = pino({ level: config.logLevel });
  const db = connectDatabase(config.databaseUrl, log);
  const redis = config.cache && (await connectProductCache(config.cache, log));

  const provider = config.payments && connectPayments(config.payments);

  let running = Promise.resolve();
  const look = () => {
    running = running
      .then(async () => {
        if (provider) await finishCharges(db, provider, log);
        const ids = await cancelUnpaid(db, redis ?? noCache, config.paymentMinutes);
        if (ids.length) log.info({ ids }, 'unpaid orders were cancelled');
      })
      .catch((error) => log.error(error, 'unpaid orders wait for the next round'));
  };
  look();
  const timer = setInterval(look, 60_000);

  return {
    async close() {
      clearInterval(timer);
      await running;
      redis?.close();
      await db.end();
    },
  };
}
