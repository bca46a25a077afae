import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, escapeLiteral, type QueryConfig } from 'pg';
import { back, reset, take } from './bookkeeping';
import { ourComment } from './databases';
import { inTransaction } from './names';
import { endSessions, type Query, type Session } from './sessions';

/** What a way back to the baseline, or to a new one, found. */
export type Verdict =
  | { state: 'restored'; undone?: boolean }
  /** What was there is the baseline now. */
  | { state: 'taken' }
  /** Transactions that must end first: of clients, and prepared ones by their ids. */
  | { state: 'busy'; sessions: Session[]; prepared: string[] }
  /** Only a new clone will do. `command`: by name the one that changed the schema, if one did. */
  | { state: 'stale'; reason: string; command?: string };

/** One try, on any connection of the kit's own to the sandbox. */
export type Attempt = (client: Client) => Promise<Verdict>;

/** Compares a sandbox with its baseline, and restores it in place where it can. */
export interface Baseline {
  restore: Attempt;
}

const maxAttempts = 6;
/**
 * ms that a session may take from the answer of its last statement to being idle: little, but its
 * process has to get a processor for it.
 */
const settling = 250;
const pause = 5;
/** The server could not get a lock in time, or gave up on a deadlock. */
const contended = ['55P03', '40P01', '40001'];

function isContended(error: unknown): boolean {
  return contended.includes((error as { code?: string }).code ?? '');
}

/** For superusers: by the bookkeeping that the template has. */
export class BookkeptBaseline implements Baseline {
  private constructor(
    private readonly oid: number,
    /** As it was when the baseline was made: another one after an ALTER DATABASE. */
    private mark: string | null,
    /** The file that had the sandbox before has set a baseline of its own. */
    readonly own: boolean,
    /** What the last call of `reset` returned. */
    private since: string | null,
  ) {}

  /** `clean`: the sandbox is at its baseline now. */
  static async open(client: Client, { clean }: { clean: boolean }): Promise<BookkeptBaseline> {
    const { rows } = await client.query(
      `SELECT d.oid, c.parts[1] IS NOT NULL AS own, c.parts[2] AS mark,
         CASE WHEN pg_snapshot_xmin(s.now) = pg_snapshot_xmax(s.now) THEN pg_snapshot_xmax(s.now)::text END AS since
       FROM pg_database d, pg_current_snapshot() AS s(now),
         regexp_match(shobj_description(d.oid, 'pg_database'), $1) AS c(parts)
       WHERE d.datname = current_database()`,
      [ourComment],
    );
    const { oid, mark, own, since } = rows[0];
    return new BookkeptBaseline(oid, mark, own, clean ? since : null);
  }

  restore(client: Client): Promise<Verdict> {
    return this.compare(client, false);
  }

  /** Makes what is there the baseline, where it differs from it. */
  async set(client: Client): Promise<Verdict> {
    const verdict = await this.compare(client, true);
    if (verdict.state !== 'taken') return verdict;
    try {
      const { rows } = await client.query(take);
      this.mark = rows[0].mark;
      return verdict;
    } catch (error) {
      if (isContended(error)) return { state: 'busy', sessions: [], prepared: [] };
      throw error;
    }
  }

  /** To the template's baseline. */
  async back(client: Client): Promise<Verdict> {
    if (!this.own) return this.compare(client, false);
    return this.ask(client, { text: back, values: [this.oid, this.mark] });
  }

  /** `look`: without restoring. Then `taken` is what the caller still has to do. */
  private compare(client: Client, look: boolean): Promise<Verdict> {
    const values = [this.since, this.oid, this.mark, look];
    return this.ask(client, { name: 'seamkit_reset', text: reset, values });
  }

  private async ask(client: Client, query: QueryConfig): Promise<Verdict> {
    this.since = null;
    let answer: string | null;
    try {
      const { rows } = await client.query(query);
      answer = rows[0].answer;
    } catch (error) {
      if (isContended(error)) return { state: 'busy', sessions: [], prepared: [] };
      const { code, message } = error as { code?: string; message: string };
      if (code === undefined) throw error; // the connection, not the statement
      return { state: 'stale', reason: message };
    }
    if (!answer?.startsWith('{')) {
      const undone = answer === 'undone';
      this.since = undone ? null : answer;
      return { state: 'restored', undone };
    }
    const { stale, command, differs, sessions = [], prepared = [] } = JSON.parse(answer);
    if (differs) return { state: 'taken' };
    if (stale) return { state: 'stale', reason: stale, command };
    return { state: 'busy', sessions, prepared };
  }
}

/**
 * For others, who may neither hide triggers nor put constraints to sleep: the baseline still holds
 * if no transaction id was given out on the server since, and no sequence moved; else a new clone.
 */
export class WatchedBaseline implements Baseline {
  private constructor(private readonly seen: string) {}

  static async open(client: Client): Promise<WatchedBaseline> {
    return new WatchedBaseline(await look(client));
  }

  async restore(client: Client): Promise<Verdict> {
    const { rows: sessions } = await client.query(
      `SELECT s.pid, s.state, s.query, s.application_name AS application FROM pg_stat_activity s
       WHERE s.datname = current_database() AND s.pid <> pg_backend_pid() AND ${inTransaction}`,
    );
    const { rows: prepared } = await client.query(
      'SELECT p.gid FROM pg_prepared_xacts p WHERE p.database = current_database()',
    );
    if (sessions.length || prepared.length) {
      return { state: 'busy', sessions, prepared: prepared.map(({ gid }) => gid) };
    }
    if ((await look(client)) === this.seen) return { state: 'restored' };
    return { state: 'stale', reason: 'something was written on this server' };
  }
}

/** Changes when anything is written on the server, or a sequence moves here. */
async function look(client: Client): Promise<string> {
  const { rows } = await client.query(
    `SELECT pg_snapshot_xmax(pg_current_snapshot()) || ' ' || coalesce((
       SELECT string_agg(s.schemaname || '.' || s.sequencename || '=' || coalesce(s.last_value::text, ''), ' ')
       FROM (SELECT * FROM pg_sequences ORDER BY schemaname, sequencename) s), '') AS seen`,
  );
  return rows[0].seen;
}

/** Who wants to know about transactions that are ended. */
export interface Witness {
  /** Before: a client without an 'error' listener takes its process down. */
  ending(sessions: Session[], prepared: string[]): void;
  /** Once they are gone. */
  ended(sessions: Session[]): Promise<void>;
}

/**
 * Tries past whatever stands in the way: open transactions are ended, not waited for. Resolves to
 * what came of it.
 */
export async function persist(
  client: Client,
  attempt: Attempt,
  witness?: Witness,
): Promise<Exclude<Verdict, { state: 'busy' }>> {
  const query: Query = (text, values) => client.query(text, values);
  const end = performance.now() + settling;
  for (let attempts = 0; attempts < maxAttempts; ) {
    // Asked before the look: what it finds then has had its time.
    const settled = performance.now() > end;
    const verdict = await attempt(client);
    if (verdict.state !== 'busy') return verdict;
    const { prepared } = verdict;
    // A client hears of a statement's end before the server says that it is idle again.
    const sessions = verdict.sessions.filter(({ state }) => settled || state !== 'active');
    if (verdict.sessions.length && !sessions.length && !prepared.length) {
      await delay(pause);
      continue;
    }
    attempts++;
    witness?.ending(sessions, prepared);
    await endSessions(
      query,
      's.pid = ANY ($1)',
      sessions.map(({ pid }) => pid),
    );
    for (const id of prepared) await query(`ROLLBACK PREPARED ${escapeLiteral(id)}`);
    await witness?.ended(sessions);
  }
  return { state: 'stale', reason: 'clients kept writing to it' };
}
