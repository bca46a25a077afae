import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { SeamkitError } from '@seamkit/core';
import type { QueryResult } from 'pg';

/** A client's connection to a database. */
export interface Session {
  pid: number;
  state: string;
  /** The last query it ran, or runs. */
  query: string;
  application: string;
}

/** Runs one statement on the kit's own connection. */
export type Query = (text: string, values?: unknown[]) => Promise<QueryResult>;

/** ms that a session may take to end once it was told to. */
const patience = 10_000;

/** Ends the clients that a condition on `pg_stat_activity s` chooses, and resolves once they are gone. */
export async function endSessions(
  query: Query,
  condition: string,
  parameter: unknown,
): Promise<void> {
  const end = performance.now() + patience;
  for (;;) {
    const { rows } = await query(
      `SELECT s.pid, s.state, s.query, s.application_name AS application, pg_terminate_backend(s.pid)
       FROM pg_stat_activity s
       WHERE ${condition} AND s.backend_type = 'client backend' AND s.pid <> pg_backend_pid()`,
      [parameter],
    );
    if (rows.length === 0) return;
    if (performance.now() > end) {
      throw new SeamkitError('RESET_FAILED', `postgres: ${describe(rows[0])} does not end`, {
        hint: 'see what that process of the server does; SIGKILL of it restarts the server',
      });
    }
    await delay(2);
  }
}

/** A session in a warning. */
export function describe({ pid, state, query, application }: Session): string {
  const text = query.replace(/\s+/g, ' ').trim();
  const shown = text.length > 120 ? `${text.slice(0, 119)}…` : text;
  return `pid ${pid}${application ? ` (${application})` : ''}, ${state}, last query: ${shown}`;
}
