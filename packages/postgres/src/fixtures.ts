import { SeamkitError } from '@seamkit/core';
import { type Client, escapeIdentifier } from 'pg';
import { readScript, runScript } from './scripts';

/** Rows by table: `{ users: [{ id: 1, email: 'a@b.c' }], 'shop.orders': [{ user_id: 1 }] }`. */
export type Rows = Record<string, readonly Record<string, unknown>[]>;

/**
 * Runs an SQL file, or inserts rows: tables and rows in the order given, in one transaction.
 * Sequences that fill a column which the rows gave themselves move on, so that the next row does
 * not collide. A relative path begins at `folder`. @throws SeamkitError `OPTION_INVALID`, `PREPARE_FAILED`
 */
export async function load(client: Client, fixtures: string | Rows, folder: string): Promise<void> {
  if (typeof fixtures === 'string') return runScript(client, readScript(fixtures, folder));
  if (typeof fixtures !== 'object' || fixtures === null) {
    throw new SeamkitError('OPTION_INVALID', 'load() takes a file or rows by table', {
      hint: "load('fixtures/users.sql') or load({ users: [{ id: 1 }] })",
    });
  }
  await client.query('BEGIN');
  try {
    for (const [table, rows] of Object.entries(fixtures)) await insert(client, table, rows);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

async function insert(
  client: Client,
  table: string,
  rows: readonly Record<string, unknown>[],
): Promise<void> {
  const name = table.split('.').map(escapeIdentifier).join('.');
  const given = new Set<string>();
  for (const group of groups(rows)) {
    const columns = Object.keys(group[0]!);
    for (const column of columns) given.add(column);
    const list = columns.map(escapeIdentifier).join(', ');
    await refused(table, () =>
      columns.length
        ? client.query(
            `INSERT INTO ${name} (${list}) OVERRIDING SYSTEM VALUE
             SELECT ${list} FROM json_populate_recordset(NULL::${name}, $1)`,
            [JSON.stringify(group, asColumnText)],
          )
        : client.query(group.map(() => `INSERT INTO ${name} DEFAULT VALUES`).join(';')),
    );
  }
  await refused(table, () =>
    client.query(
      `SELECT seamkit_moved.* FROM (
         SELECT a.attname, pg_get_serial_sequence($1, a.attname) AS sequence FROM pg_attribute a
         WHERE a.attrelid = $1::regclass AND a.attname = ANY ($2) AND a.attnum > 0
       ) seamkit_moved WHERE sequence IS NOT NULL`,
      [name, [...given]],
    ),
  ).then(async ({ rows: sequences }) => {
    for (const { attname, sequence } of sequences) {
      // Never back: the sequence may be ahead of the rows.
      await client.query(
        `SELECT setval($1::regclass, m.highest) FROM (SELECT max(${escapeIdentifier(attname)}) AS highest FROM ${name}) m, ${sequence} s
         WHERE m.highest > s.last_value OR (m.highest = s.last_value AND NOT s.is_called)`,
        [sequence],
      );
    }
  });
}

/** Neighbours with the same columns go in one statement: an absent one keeps its default. */
function groups(rows: readonly Record<string, unknown>[]): Record<string, unknown>[][] {
  const result: Record<string, unknown>[][] = [];
  let last: string | undefined;
  for (const row of rows) {
    const present = Object.fromEntries(
      Object.entries(row).filter(([, value]) => value !== undefined),
    );
    const columns = JSON.stringify(Object.keys(present).sort());
    if (columns !== last) result.push([]);
    last = columns;
    result.at(-1)!.push(present);
  }
  return result;
}

/** Buffers as bytea, big integers as digits; what the server reads from JSON otherwise stays as it is. */
function asColumnText(this: Record<string, unknown>, key: string, value: unknown): unknown {
  // Buffers have turned themselves into an object by now.
  const before = this[key];
  if (ArrayBuffer.isView(before)) {
    const { buffer, byteOffset, byteLength } = before;
    return `\\x${Buffer.from(buffer, byteOffset, byteLength).toString('hex')}`;
  }
  return typeof value === 'bigint' ? value.toString() : value;
}

async function refused<R>(table: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    const { detail } = error as { detail?: string };
    throw SeamkitError.wrap(error, 'PREPARE_FAILED', `postgres: load() of ${table}`, {
      hint:
        detail ?? 'see that tables and columns exist and that rows come after those they refer to',
    });
  }
}
