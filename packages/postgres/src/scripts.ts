import { type Dirent, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { readNamedFile, SeamkitError } from '@seamkit/core';
import type { Client } from 'pg';
import { statements } from './statements';

/** A file of SQL, read. */
export interface Script {
  /** As the user named it. */
  name: string;
  sql: string;
}

/** Characters of a line that an error quotes. */
const mostQuoted = 120;

/** Where a migration's way back begins: dbmate, goose, node-pg-migrate. */
const downMarker = /^\s*--\s*(migrate:down|\+goose\s+down|down\s+migration)\b/im;

const byName = new Intl.Collator('en', { numeric: true });

/**
 * The SQL files below a folder in the order of their names, numbers by value (`2_b.sql` before
 * `10_a.sql`). Ways back are left out: `*.down.sql`, and what follows a "down" marker.
 * @throws SeamkitError `OPTION_INVALID`
 */
export function readMigrations(folder: string, from: string): Script[] {
  const root = resolve(from, folder);
  const files = list(root)
    .filter((path) => path.endsWith('.sql') && !/\.(down|undo)\.sql$/.test(path))
    .map((path) => ({ path, name: join(folder, relative(root, path)) }))
    .sort((a, b) => byName.compare(a.name, b.name));
  if (files.length === 0) {
    throw new SeamkitError('OPTION_INVALID', `postgres: there is no *.sql file below ${folder}`, {
      hint: `migrations are looked for in ${root}`,
    });
  }
  return files.map(({ path, name }) => {
    const { sql } = readScript(path, from);
    const down = downMarker.exec(sql)?.index;
    return { name, sql: sql.slice(0, down) };
  });
}

/** @param from where a relative path begins @throws SeamkitError `OPTION_INVALID` */
export function readScript(file: string, from: string): Script {
  const path = resolve(from, file);
  let sql: string;
  try {
    sql = new TextDecoder('utf-8', { fatal: true }).decode(readNamedFile(path));
  } catch (error) {
    const hint = error instanceof TypeError ? 'save it as UTF-8' : `it is looked for at ${path}`;
    throw SeamkitError.wrap(error, 'OPTION_INVALID', `postgres: ${file} cannot be read`, { hint });
  }
  const nul = sql.indexOf('\0');
  if (nul < 0) return { name: file, sql };
  throw new SeamkitError(
    'OPTION_INVALID',
    `postgres: ${file}:${lineAt(sql, nul)} is not SQL: it holds a zero byte`,
    { hint: 'save it as UTF-8 text' },
  );
}

function list(folder: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw SeamkitError.wrap(error, 'OPTION_INVALID', `postgres: ${folder} cannot be read`, {
      hint: 'name the folder that holds the migrations',
    });
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return list(path);
    return entry.isFile() || entry.isSymbolicLink() ? [path] : [];
  });
}

/**
 * Runs a script: one transaction, unless it has transactions of its own.
 * @throws SeamkitError `PREPARE_FAILED` that names the file and the line, and quotes the line
 */
export async function runScript(client: Client, { name, sql }: Script): Promise<void> {
  let done = 0;
  const count = () => {
    done++;
  };
  // pg knows no other way to tell how many statements of a script came to their end.
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
  connection.on('commandComplete', count);
  try {
    await client.query(sql);
  } catch (error) {
    const { position } = error as { position?: string };
    const line = position
      ? lineAt(sql, indexOfCharacter(sql, Number(position)))
      : lineAt(sql, statements(sql)[done]?.start ?? 0);
    await client.query('ROLLBACK').catch(() => {});
    const text = sql.split('\n')[line - 1]!.trim();
    const quoted = text.length > mostQuoted ? `${text.slice(0, mostQuoted - 1)}…` : text;
    throw SeamkitError.wrap(error, 'PREPARE_FAILED', `postgres: ${name}:${line}: “${quoted}”`, {
      hint: hintFor(sql) ?? `see line ${line} of ${name}`,
    });
  } finally {
    connection.off('commandComplete', count);
  }
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** The server counts characters from 1, JavaScript UTF-16 units from 0. */
function indexOfCharacter(text: string, position: number): number {
  return [...text].slice(0, position - 1).join('').length;
}

function hintFor(sql: string): string | undefined {
  if (/^\\/m.test(sql)) {
    return 'commands of psql (\\…) are not SQL: take them out, or run psql in a prepare function';
  }
  if (/^\s*COPY\b[^;]*\bFROM\s+stdin/im.test(sql)) {
    return 'COPY … FROM stdin needs a stream: dump with pg_dump --inserts, or run psql in a prepare function';
  }
  return undefined;
}
