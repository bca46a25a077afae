import type { Socket } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';
import { letProcessEnd, SeamkitError } from '@seamkit/core';
import { type ChainableCommander, Redis } from 'ioredis';

/** ms until a server that accepts connections must have greeted us. */
const patience = 5_000;
/** ms that closing waits for the other side; ioredis' 2 s would keep a process from its end. */
export const disconnectTimeout = 50;
let connections = 0;

/**
 * A name that `CLIENT LIST` shows, for a connection of the kit's own. On a server that machines
 * share it says whose run still lives.
 */
export function connectionName(role: string, owner: string): string {
  return `seamkit-${role}-${owner}-${process.pid}-${++connections}`;
}

/** The owners that have connections of the kit's own. */
export function connectedOwners(clientList: string): string[] {
  const names = clientList.matchAll(/ name=seamkit-(?:driver|reset)-([^ ]*)-\d+-\d+ /g);
  return [...new Set([...names].map(([, owner]) => owner!))];
}

/** `url` with the database, and perhaps the user, replaced. */
export function urlOf(
  server: string,
  database: number,
  access?: { username: string; password: string },
): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  url.searchParams.delete('db');
  if (access) Object.assign(url, access);
  return url.href;
}

/**
 * A connection of the driver's own, ready. It comes back by itself after the server was away.
 * @throws SeamkitError `SERVER_UNREACHABLE`, `SERVER_MISMATCH`, `PERMISSION_MISSING`
 */
export async function connect(url: string, name: string): Promise<Redis> {
  let connected = false;
  let last: unknown;
  const client = new Redis(url, {
    lazyConnect: true,
    connectionName: name,
    disconnectTimeout,
    connectTimeout: 2 * patience, // ours is the one that ends it
    maxRetriesPerRequest: 3,
    retryStrategy: (attempt) => (connected ? Math.min(attempt * 50, 1_000) : null),
  });
  client.on('error', (error) => {
    last = error;
  });
  restsBetweenCommands(client);
  const silent = Object.assign(new Error(`no greeting in ${patience} ms`), { code: 'ETIMEDOUT' });
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      client.connect(),
      new Promise((_, reject) => {
        timer = setTimeout(() => reject(silent), patience);
      }),
    ]);
    connected = true;
    return client;
  } catch (error) {
    client.disconnect();
    throw connectionError(url, error === silent ? error : (last ?? error));
  } finally {
    clearTimeout(timer);
  }
}

/** A process may end though the connection is open, and though ioredis opens it anew. */
export function restsBetweenCommands(client: Redis): void {
  client.on('connect', () => letProcessEnd(client.stream as Socket));
}

function connectionError(url: string, cause: unknown): SeamkitError {
  const { host, protocol } = new URL(url);
  const text =
    cause instanceof Error
      ? `${(cause as NodeJS.ErrnoException).code ?? ''} ${cause.message}`
      : String(cause);
  const wrap = (code: 'SERVER_UNREACHABLE' | 'SERVER_MISMATCH', summary: string, hint: string) =>
    SeamkitError.wrap(cause, code, summary, { hint });
  if (/WRONGPASS|NOAUTH|NOPERM|invalid password|without any password/i.test(text)) {
    return permissionError(`the Redis server at ${host} refuses the credentials`, cause);
  }
  if (/ECONN(REFUSED|ABORTED)|ENOTFOUND|EAI_AGAIN|E(HOST|NET)UNREACH|ETIMEDOUT|ENOENT/.test(text)) {
    return wrap(
      'SERVER_UNREACHABLE',
      `nothing answers at ${host}`,
      'see that the server runs (redis-cli -u URL ping), and that the url says rediss: exactly where it speaks TLS',
    );
  }
  return wrap(
    'SERVER_MISMATCH',
    `what answers at ${host} is not Redis over ${protocol === 'rediss:' ? 'TLS' : 'plain TCP'}`,
    'see that the port is the Redis one, and that the url says rediss: exactly where the server speaks TLS',
  );
}

/** The server's `NOPERM` and the like as an error that says what the kit needs. */
export function permissionError(summary: string, cause: unknown): SeamkitError {
  return SeamkitError.wrap(cause, 'PERMISSION_MISSING', summary, {
    hint: 'give the url of a user with `~* &* +@all`; the least is +@read +@write +@transaction +@scripting +@connection +client +info +flushdb +config|get',
  });
}

/** Sends all commands at once; resolves to their replies. @throws the first error among them */
export async function replies(pipeline: ChainableCommander): Promise<unknown[]> {
  const results = (await pipeline.exec()) ?? [];
  return results.map(([error, reply]) => {
    if (!error) return reply;
    if (/NOPERM|can't run this command/.test(error.message)) {
      throw permissionError('the Redis user may not do what the kit needs', error);
    }
    throw error;
  });
}
