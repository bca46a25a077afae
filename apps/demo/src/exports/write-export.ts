import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Pool } from 'pg';
import { Refusal } from '../errors';
import type { Order } from '../orders/schema';

export const nameOf = (day: string) => `orders-${day}.csv`;

/**
 * Writes the orders that were placed on a day (UTC) to a file of that day's, which is there whole
 * or not at all. Written again, it replaces itself. How many there are.
 */
export async function writeExport(db: Pool, folder: string, day: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  const unfinished = join(folder, `.${randomUUID()}`);
  let orders = 0;
  const lines = async function* () {
    yield 'id,user_id,status,total_cents,created_at\n';
    for await (const order of ordersOf(db, day)) {
      const { id, userId, status, totalCents, createdAt } = order;
      yield `${[id, userId, status, totalCents, createdAt.toISOString()].join()}\n`;
      orders++;
    }
  };
  try {
    await pipeline(lines, createWriteStream(unfinished, { flags: 'wx', flush: true }));
    await rename(unfinished, join(folder, nameOf(day)));
    return orders;
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

const batch = 1000;

async function* ordersOf(db: Pool, day: string): AsyncGenerator<Order> {
  for (let after = 0; ; ) {
    const { rows } = await db.query<Order>(
      `select id, user_id as "userId", status, total_cents as "totalCents",
         created_at as "createdAt"
       from orders
       where created_at >= $1::timestamp at time zone 'utc'
         and created_at < ($1::timestamp + interval '1 day') at time zone 'utc' and id > $2
       order by id limit $3`,
      [day, after, batch],
    );
    yield* rows;
    if (rows.length < batch) return;
    after = rows.at(-1)!.id;
  }
}

/** @throws Refusal where that day was not exported */
export async function readExport(folder: string, day: string): Promise<NodeJS.ReadableStream> {
  try {
    return (await open(join(folder, nameOf(day)))).createReadStream();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Refusal(404, `the orders of ${day} were not exported`);
  }
}
