import { type SandboxContext, SeamkitError } from '@seamkit/core';
import { type Client, escapeIdentifier } from 'pg';
import { connectTo } from './connection';
import type { PostgresOptions } from './options';
import { readMigrations, readScript, runScript, type Script } from './scripts';

/** The scripts that `prepare` names; none where it is a function or absent. @throws SeamkitError `OPTION_INVALID` */
export function scriptsOf(prepare: PostgresOptions['prepare'], folder: string): Script[] {
  if (!prepare || typeof prepare === 'function') return [];
  if ('migrations' in prepare) return readMigrations(prepare.migrations, folder);
  return prepare.map((file) => readScript(file, folder));
}

/** Fills an empty database. @throws SeamkitError `PREPARE_FAILED`, `PREPARE_TIMEOUT`, `SERVER_MISMATCH`, `PERMISSION_MISSING` */
export async function prepare(
  url: string,
  options: PostgresOptions,
  context: SandboxContext,
): Promise<void> {
  const { extensions = [], prepare } = options;
  const scripts = scriptsOf(prepare, context.folder);
  if (extensions.length || scripts.length) {
    const client = await connectTo(url, 'seamkit prepare');
    try {
      for (const extension of extensions) await createExtension(client, extension);
      if (scripts.length) await context.prepare(() => runAll(client, scripts));
    } finally {
      await client.end();
    }
  }
  if (typeof prepare === 'function') await context.prepare((signal) => prepare(url, { signal }));
}

async function runAll(client: Client, scripts: readonly Script[]): Promise<void> {
  for (const script of scripts) {
    await runScript(client, script);
    await client.query('DISCARD ALL'); // what a dump sets is for itself
  }
}

async function createExtension(client: Client, name: string): Promise<void> {
  try {
    await client.query(`CREATE EXTENSION IF NOT EXISTS ${escapeIdentifier(name)} CASCADE`);
  } catch (error) {
    const { code } = error as { code?: string };
    throw code === '42501'
      ? SeamkitError.wrap(error, 'PERMISSION_MISSING', `postgres: extension ${name}`, {
          hint: 'let a superuser install it in template1 and allow it, or use a superuser in the url',
        })
      : SeamkitError.wrap(error, 'SERVER_MISMATCH', `postgres: extension ${name}`, {
          hint: `install it where the server runs, or choose an image that has it (option image)`,
        });
  }
}
