import type { FastifyBaseLogger } from 'fastify';
import { Pool, type PoolClient } from 'pg';

/** What a query needs: the pool, or the one connection of a transaction. */
export type Database = Pick<Pool, 'query'>;

export function connectDatabase(url: string, log: FastifyBaseLogger): Pool {
  const pool = new Pool({ connectionString: url, max: 10 });
  // An idle connection that breaks is replaced at the next query; unheard, it would end us.
  pool.on('error', (error) => log.warn(error, 'an idle connection to the database was lost'));
  return pool;
}

/** All of `work` or nothing of it. */
export async function transaction<R>(
  pool: Pool,
  work: (client: PoolClient) => Promise<R>,
): Promise<R> {
  const client = await pool.connect();
  let lost: Error | undefined;
  const lose = (error: Error) => {
    lost = error;
  };
  client.on('error', lose);
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(lose);
    throw error;
  } finally {
    client.off('error', lose);
    // A connection in an unknown state goes back to nobody.
    client.release(lost);
  }
}
