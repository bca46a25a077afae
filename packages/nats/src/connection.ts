import type { Socket } from 'node:net';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { letProcessEnd, SeamkitError } from '@seamkit/core';

/** As the NATS clients for JavaScript take it: they do not read credentials from a url. */
export type NatsAccess = { servers: string; user?: string; pass?: string };

/** The kit's own subscriptions begin so. */
export const ownInbox = '_SEAMKIT';

/** ms that an answer of the server may take. */
export const timeout = 10_000;

/** A connection of the kit's own. @throws SeamkitError `SERVER_UNREACHABLE` */
export async function connectTo(access: NatsAccess): Promise<NatsConnection> {
  try {
    // Once lost it is replaced with its sandbox, since the account's contents are lost too.
    const pingInterval = 2 ** 31 - 1; // ms: a server that is gone closes the connection
    const line = await connect({
      ...access,
      name: 'seamkit',
      timeout,
      reconnect: false,
      pingInterval,
    });
    rest(line);
    return line;
  } catch (error) {
    const summary = `no NATS server that takes us answers at ${access.servers}`;
    const hint = 'see the log lines of the server, and that nobody else ended it';
    throw SeamkitError.wrap(error, 'SERVER_UNREACHABLE', summary, { hint });
  }
}

/** A process may end though the connection is open. The client has no public way to that. */
function rest(line: NatsConnection): void {
  const { protocol } = line as unknown as {
    protocol?: {
      transport?: { socket?: Socket };
      heartbeats?: { timer?: NodeJS.Timeout };
    };
  };
  protocol?.heartbeats?.timer?.unref?.();
  if (protocol?.transport?.socket) letProcessEnd(protocol.transport.socket);
}

/** Resolves to a service's answer. */
export async function ask(line: NatsConnection, subject: string, body: object): Promise<any> {
  return (await line.request(subject, JSON.stringify(body), { timeout })).json();
}

/** One call of the JetStream API. Rejects with the server's own words, and its number as `code`. */
export async function call(line: NatsConnection, subject: string, body: object = {}): Promise<any> {
  const answer = await ask(line, `$JS.API.${subject}`, body);
  if (!answer.error) return answer;
  const { description, err_code: code } = answer.error;
  throw Object.assign(new Error(`${subject}: ${description}`), { code });
}

/** All pages of a list. */
export async function list(line: NatsConnection, subject: string, field: string): Promise<any[]> {
  const items: any[] = [];
  for (;;) {
    const page = await call(line, subject, { offset: items.length });
    items.push(...(page[field] ?? []));
    if (items.length >= page.total) return items;
  }
}
