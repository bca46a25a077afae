import { type Management, path, Refusal } from './management';
import type { ReadyClient } from './ready-client';
import { type Definitions, identity, parseDefinitions } from './topology';
import { until } from './until';

export interface LiveQueue {
  name: string;
  type: string;
  exclusive: boolean;
  /** All messages, and those of them that clients hold unacknowledged. */
  messages: number;
  unacknowledged: number;
  consumers: number;
  /**
   * The server does not say at once how many are unacknowledged: quorum queues and streams. Then
   * `messages` are those that nobody holds.
   */
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

/** A vhost, and who may look into it. */
export interface Place {
  api: Management;
  client: ReadyClient;
  vhost: string;
  /** The sandbox's own user: whoever is connected with it is the test's. */
  user: string;
}

/**
 * What is in a vhost now. The parts are asked for at once, on kept connections, and read the broker
 * itself rather than its delayed statistics. Consumers are not among them: those cost an AMQP round
 * trip, and are asked for only where somebody could have any.
 */
export async function look({ api, vhost, user, client }: Place): Promise<VhostState> {
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
      unacknowledged: type === 'classic' ? (counts.messages_unacknowledged ?? 0) : 0,
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

/**
 * Closes connections of a user, all or those named; resolves once they are gone from the list. The
 * server finds one by its name some seconds after it was opened.
 */
export async function disconnect(
  api: Management,
  user: string,
  names?: readonly string[],
): Promise<void> {
  let refused: unknown;
  const gone = await until(async () => {
    const open = await connectionsOf(api, user);
    const doomed = names ? open.filter((name) => names.includes(name)) : open;
    if (doomed.length === 0) return true;
    const paths = names
      ? doomed.map((name) => path('connections', name))
      : [path('connections', 'username', user)];
    // 500 is the answer where one of them ended by itself meanwhile; the others are open yet.
    const closings = paths.map((one) => api.remove(one));
    await Promise.all(closings).catch((error) => {
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
