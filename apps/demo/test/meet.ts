import { setTimeout } from 'node:timers/promises';
import type { Env } from './environment';

/**
 * A race that is no matter of luck: we hold the rows that `lock` selects while `work` runs, and let
 * go once `count` sessions wait for them. If they never come, the test's own time limit ends it.
 */
export async function meet<R>(
  { db }: Env,
  lock: string,
  count: number,
  work: () => Promise<R>,
  /** Told how many wait when they are enough. */
  met: (waiting: number) => void = () => {},
): Promise<R> {
  const holder = await db.pool.connect();
  await holder.query('begin');
  await holder.query(lock);
  const result = work();
  const waiting = `select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  let sessions = await db.query(waiting);
  while (sessions.length < count) {
    await setTimeout(5);
    sessions = await db.query(waiting);
  }
  met(sessions.length);
  await holder.query('commit');
  holder.release();
  return result;
}
