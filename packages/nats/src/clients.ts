import type { NatsConnection } from '@nats-io/transport-node';
import { ask, ownInbox } from './connection';

/** A client in an account. */
export interface Client {
  id: number;
  /** For messages: its address, and the name that it gave itself. */
  name: string;
  /** What it waits for, beside the answers to its requests. */
  subjects: string[];
}

/** Who is connected to the account. */
export async function clientsIn(line: NatsConnection): Promise<Client[]> {
  const { data } = await ask(line, '$SYS.REQ.ACCOUNT.PING.CONNZ', { subscriptions_detail: true });
  return data.connections.map(({ cid, ip, port, name, subscriptions_list_detail: list }: any) => ({
    id: cid,
    name: `${ip}:${port}${name ? ` "${name}"` : ''}`,
    subjects: ((list ?? []) as { subject: string }[])
      .map(({ subject }) => subject)
      .filter((subject) => !/^_INBOX\.[^.]+\.\*$/.test(subject))
      .filter((subject) => !subject.startsWith(ownInbox))
      .map((subject) => subject.replace(/^_INBOX\..*/, 'an inbox'))
      .sort(),
  }));
}

/**
 * Those that hold on to subscriptions and connected after `newest`, if they are still there: a
 * test's last line may have closed them a moment ago.
 */
export async function leftBehind(
  line: NatsConnection,
  clients: readonly Client[],
  newest: number,
): Promise<Client[]> {
  const left = clients.filter(
    ({ id, subjects }) => id > newest && id !== line.info!.client_id && subjects.length > 0,
  );
  if (left.length === 0) return left;
  const now = await clientsIn(line);
  return left.filter(({ id }) => now.some((client) => client.id === id));
}
