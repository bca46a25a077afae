import type { Management } from './management';
import { path } from './management';
import type { ReadyClient } from './ready-client';
import { type Definitions, identity, parseDefinitions } from './topology';

export interface LiveQueue {
  name: string;
  type: string;
  exclusive: boolean;
  /** All messages, and those of them that a client holds unacknowledged. */
  messages: number;
  unacknowledged: number;
  /** The server does not say at once how many are unacknowledged: quorum queues and streams. */
  vague: boolean;
}

export interface LiveConsumer {
  queue: string;
  tag: string;
  /** e.g. `127.0.0.1:35266 -> 127.0.0.1:5672` */
  connection: string;
  user: string;
}

export interface VhostState {
  /** As the server sent it; equal texts are equal topologies. */
  text: string;
  definitions: Definitions;
  queues: LiveQueue[];
  consumers: LiveConsumer[];
}

/**
 * What is in a vhost now. The parts are asked for at once, on kept connections: about one round
 * trip of the management API. These listings read the broker itself, not its delayed statistics.
 */
export async function lookAt(
  api: Management,
  vhost: string,
  client: ReadyClient,
): Promise<VhostState> {
  const [text, listed, consuming] = await Promise.all([
    api.text('GET', path('definitions', vhost)),
    api.get<any[]>(`${path('queues', vhost)}?disable_stats=true&enable_queue_totals=true`),
    api.get<any[]>(path('consumers', vhost)),
  ]);
  const queues = await Promise.all(listed.map((queue) => liveQueue(queue, client)));
  return {
    text,
    get definitions() {
      return parseDefinitions(text);
    },
    queues,
    consumers: consuming.map(({ queue, consumer_tag, channel_details = {} }) => ({
      queue: queue.name,
      tag: consumer_tag,
      connection: channel_details.connection_name ?? 'unknown',
      user: channel_details.user ?? '',
    })),
  };
}

async function liveQueue(queue: any, client: ReadyClient): Promise<LiveQueue> {
  const { name, exclusive = false, type = 'classic' } = queue;
  const vague = type !== 'classic';
  const messages = vague
    ? (await client.control.checkQueue(name)).messageCount
    : (queue.messages ?? 0);
  return {
    name,
    type,
    exclusive,
    messages,
    unacknowledged: vague ? 0 : (queue.messages_unacknowledged ?? 0),
    vague,
  };
}

/** Names of the connections that a user has. Exact, also just after connecting. */
export async function connectionsOf(api: Management, user: string): Promise<string[]> {
  const open = await api.get<{ name: string }[]>(path('connections', 'username', user));
  return open.map(({ name }) => name);
}

/** Closes all connections of a user; resolves once they are gone from the list. */
export async function disconnect(api: Management, user: string): Promise<void> {
  if ((await connectionsOf(api, user)).length === 0) return;
  await api.remove(path('connections', 'username', user));
}

export function sameTopology(a: Definitions, b: Definitions): boolean {
  return identity(a) === identity(b);
}
