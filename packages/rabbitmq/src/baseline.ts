import type { ReadyClient } from './ready-client';
import { type StoredMessage, store, takeAll } from './stored-messages';
import type { Definitions } from './topology';
import type { VhostState } from './vhost-state';

/** What a sandbox returns to: plain data. */
export interface Baseline {
  definitions: Definitions;
  messages: { [queue: string]: StoredMessage[] };
}

export const emptyBaseline: Baseline = {
  definitions: { exchanges: [], queues: [], bindings: [], policies: [], parameters: [] },
  messages: {},
};

/**
 * Makes a baseline of what a vhost holds, and takes the messages out of it. Exclusive queues are
 * their clients' own, and what is in a queue that somebody consumes from is on its way to them.
 * @param inStream called with the name of each stream that has messages: those cannot be taken
 */
export async function takeBaseline(
  { definitions, queues }: VhostState,
  client: ReadyClient,
  inStream: (queue: string) => void,
): Promise<Baseline> {
  const messages: Baseline['messages'] = {};
  for (const { name, type, exclusive, consumers, messages: count } of queues) {
    if (count === 0 || exclusive || consumers > 0) continue;
    if (type === 'stream') {
      inStream(name);
      continue;
    }
    const taken = await takeAll(client.control, name);
    if (taken.length > 0) messages[name] = taken.map(store);
  }
  return { definitions, messages };
}
