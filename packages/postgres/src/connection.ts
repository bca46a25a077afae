import type { Socket } from 'node:net';
import { letProcessEnd, SeamkitError } from '@seamkit/core';
import { Client } from 'pg';
import type { PostgresConnection } from './members';
import { restoring } from './names';

/** ms. A hundred test processes that begin together have to wait for a processor, again and again. */
const connectTimeout = 60_000;
/** The code of the server's answer when all its connections are in use. */
const full = '53300';

/**
 * A connection of the kit's own. It survives the end of its server as an object: the next query
 * rejects, and nothing is thrown from the event loop.
 * @throws SeamkitError `SERVER_UNREACHABLE`, `LIMIT_REACHED`
 */
export async function connectTo(
  url: string,
  applicationName: string,
  options?: string,
): Promise<Client> {
  const own = new URL(url);
  if (options) own.searchParams.delete('options'); // it would go over ours
  const client = new Client({
    connectionString: own.href,
    options,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeout,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    const { host, port, database, user } = client;
    const { code } = error as { code?: string };
    throw SeamkitError.wrap(
      error,
      code === full ? 'LIMIT_REACHED' : 'SERVER_UNREACHABLE',
      `postgres: no connection to ${host}:${port}/${database} as ${user}`,
      { hint: hintFor(code) },
    );
  }
}

/** The same, for one that stays open: between its queries the process may end. */
export async function stayConnectedTo(...to: Parameters<typeof connectTo>): Promise<Client> {
  const client = await connectTo(...to);
  // pg does not tell of the socket in its types.
  letProcessEnd((client as unknown as { connection: { stream: Socket } }).connection.stream);
  return client;
}

function hintFor(code: string | undefined): string {
  switch (code) {
    case '28P01':
    case '28000':
      return 'check user and password in the url';
    case '3D000':
      return 'name a database in the url that exists, e.g. …/postgres';
    case full:
      return 'end the clients that tests leave open, or run fewer workers; or raise the limit: postgres({ settings: { max_connections: … } }) for a server of your own, its configuration for an external one';
    default:
      return 'see that the server runs and that host and port in the url are right';
  }
}

/** As every client that gets the url reads it. */
export function partsOf(url: string): PostgresConnection {
  const { host, port, user = '', password, database = '', ssl } = new Client(url);
  return { host, port, user, password: password ?? '', database, ...(ssl && { ssl }) };
}

/** The same server, another database. */
export function urlOf(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

/**
 * What our own sessions on a sandbox are set to, whatever the user set for the database: text that
 * reads back as the same value, writes that are allowed and do not wait. With the first version
 * that knows the setting.
 */
const sessionSettings: [name: string, value: string, since?: number][] = [
  ['bytea_output', 'hex'],
  ['client_min_messages', 'warning'],
  ['datestyle', 'ISO'],
  ['default_transaction_deferrable', 'off'],
  ['default_transaction_isolation', 'read\\ committed'],
  ['default_transaction_read_only', 'off'],
  ['extra_float_digits', '1'],
  ['idle_in_transaction_session_timeout', '0'],
  ['idle_session_timeout', '0', 14],
  ['intervalstyle', 'postgres'],
  ['lock_timeout', '500ms'],
  ['statement_timeout', '0'],
  ['timezone', 'UTC'],
  ['transaction_timeout', '0', 17],
  ['xmloption', 'content'],
];

/** A session that restores: for superusers, constraints and the users' triggers are asleep in it. */
export async function connectToSandbox(
  url: string,
  { superuser, major }: { superuser: boolean; major: number },
): Promise<Client> {
  const settings = sessionSettings.filter(([, , since = 0]) => major >= since);
  if (superuser) settings.push(['session_replication_role', 'replica'], [restoring, 'on']);
  return stayConnectedTo(
    url,
    'seamkit',
    settings.map(([name, value]) => `-c ${name}=${value}`).join(' '),
  );
}
