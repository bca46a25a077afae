import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { pino } from 'pino';
import type { Config } from './config';
import { connectDatabase } from './database';
import { consume, Unreadable } from './events/consume';
import { receipts } from './events/topology';
import { connectStorage } from './receipts/storage';
import { writeReceipt } from './receipts/write-receipt';
import { Id } from './schema';

const Paid = Type.Object({ orderId: Id });

/** Writes a receipt for each order that was paid. `close()` finishes what it has begun. */
export async function startWorker(config: Config): Promise<{ close(): Promise<void> }> {
  const { broker, storage: storageConfig } = config;
  if (!broker || !storageConfig) throw new Error('the worker needs a broker and a storage');
  const log = pino({ level: config.logLevel });
  const db = connectDatabase(config.databaseUrl, log);
  const storage = connectStorage(storageConfig);

  const consumer = await consume(
    receipts,
    async (payload) => {
      if (!Value.Check(Paid, payload)) throw new Unreadable('the event names no order');
      await writeReceipt(db, storage, payload.orderId);
    },
    broker,
    log,
  );
  return {
    async close() {
      await consumer.close();
      await db.end();
    },
  };
}
