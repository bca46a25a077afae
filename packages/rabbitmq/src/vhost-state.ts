import { type Management, path, Refusal } from './management';
import type { ReadyClient } from './ready-client';
import { type Definitions, identity, parseDefinitions } from './topology';
import { until } from './until';

export interface LiveQueue {
  name: string;
  type: string;
  exclusive: boolean;
  /** All messages, and those of them that a client holds unacknowledged. */
  messages: number;
  unacknowledged: number;
  consumers: number;
  /** The server does not say at once how many are unacknowledged: quorum queues and streams. */
  vague: boolean;
}

export interface VhostState {
  /** Definitions as the server sent them; equal texts are equal topologies. */
  text: string;
  definitions: Definitions;
  queues: LiveQueue[];
  /** Names of the connections that the sandbox's user has: whoever is not us. */
  connections: string[];
}

/**
 * What is in a vhost now. The parts are asked for at once, on kept connections, and read the broker
 * itself rather than its delayed statistics. Consumers are not among them: those cost an AMQP round
 * trip, and are asked for only where somebody could have any.
 */
export async function lookAt(
  api: Management,
  vhost: string,
  user: string,
  client: ReadyClient,
): Promise<VhostState> {
  const [text, listed, connections] = await Promise.all([
    api.text('GET', path('definitions', vhost)),
    api.get<any[]>(`${path('queues', vhost)}?disable_stats=true&enable_queue_totals=true`),
    connectionsOf(api, user),
  ]);
  const queues = listed.map(
    ({ name, type = 'classic', exclusive = false, ...counts }): LiveQueue => ({
      name,
      type,
      exclusive,
      messages: counts.messages ?? 0,
      unacknowledged: counts.messages_unacknowledged ?? 0,
      consumers: 0,
      vague: type !== 'classic',
    }),
  );
  const consumable = connections.length > 0 || client.used;
  await Promise.all(
    queues
      .filter(({ exclusive, vague }) => !exclusive && (vague || consumable))
      .map(async (queue) => {
        const { messageCount, consumerCount } = await client.count(queue.name);
        queue.consumers = consumerCount;
        if (queue.vague) queue.messages = messageCount;
      }),
  );
  return {
    text,
    get definitions() {
      return parseDefinitions(text);
    },
    queues,
    connections,
  };
}

/** Names of the connections that a user has. Exact, also just after connecting. */
export async function connectionsOf(api: Management, user: string): Promise<string[]> {
  const open = await api.get<{ name: string }[]>(path('connections', 'username', user));
  return open.map(({ name }) => name);
}

/** Closes all connections of a user; resolves once they are gone from the list. */
export async function disconnect(api: Management, user: string): Promise<void> {
  let refused: unknown;
  const gone = await until(async () => {
    if ((await connectionsOf(api, user)).length === 0) return true;
    // 500 is the answer where one of them ended by itself meanwhile; the others are open yet.
    await api.remove(path('connections', 'username', user)).catch((error) => {
      if (!(error instanceof Refusal && error.status === 500)) throw error;
      refused = error;
    });
    return false;
  });
  if (!gone && refused) throw refused;
}

export function sameTopology(a: Definitions, b: Definitions): boolean {
  return identity(a) === identity(b);
}
