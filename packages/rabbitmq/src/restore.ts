import { SeamkitError } from '@seamkit/core';
import type { Baseline } from './baseline';
import { type Management, path } from './management';
import type { ReadyClient } from './ready-client';
import { putBack } from './stored-messages';
import { type Definitions, identity, less } from './topology';
import { until } from './until';
import {
  connectionsOf,
  disconnect,
  type LiveQueue,
  lookAt,
  sameTopology,
  type VhostState,
} from './vhost-state';

/** Where to, with what, and how much the test may keep. */
export interface Restoration {
  api: Management;
  client: ReadyClient;
  vhost: string;
  /** The sandbox's own user: whoever is connected with it is the test's. */
  user: string;
  baseline: Baseline;
  /** Consumers of the baseline's queues, and exclusive queues, stay. */
  keepConsumers: boolean;
  warn(message: string): void;
}

/** A message can move by itself while we look: dead letters, time-outs. */
const rounds = 4;
/** ms that a worker which stays may take to finish. */
const finishing = 1_000;

/**
 * Returns a vhost to its baseline. Queues that somebody still consumes from, or holds messages of,
 * are deleted and declared anew: that takes the messages back from every client, and ends its
 * consumers, while its connection lives on. `known` is the text of a state at the baseline.
 * @returns that text
 * @throws SeamkitError `RESET_FAILED`
 */
export async function restore(work: Restoration, known?: string): Promise<string> {
  const { client, vhost, baseline } = work;
  const look = () => lookAt(work.api, vhost, work.user, client);
  await client.mend();
  let state = await look();
  // A dead letter that moves from queue to queue while we look at one after the other can be seen
  // in none of them: then only a second look tells.
  const staysClean = async () => {
    if (!isClean(state, work, known)) return false;
    if (!hasDeadLetters(baseline)) return true;
    state = await look();
    return isClean(state, work, known) && (await countedClean(state, work));
  };
  const nobodyHolds =
    !state.queues.some(({ vague }) => vague) || !(client.used || state.connections.length);
  if (!hasMessages(baseline) && nobodyHolds && (await staysClean())) {
    client.settle();
    return state.text;
  }
  for (let round = 1; round <= rounds; round++) {
    if (await takeBackOwn(state, work)) state = await look();
    if (await takeBackForeign(state, work)) state = await look();
    if (await mendTopology(state, work)) state = await look();
    await refill(state, work);
    state = await look();
    if (await staysClean()) {
      client.settle();
      return state.text;
    }
  }
  throw new SeamkitError('RESET_FAILED', `rabbitmq: ${vhost} does not return to its baseline`, {
    tried: differences(state, work),
    hint: 'end clients that still publish or declare before the test is over',
  });
}

/** Asks each queue itself how many messages it has ready. */
async function countedClean({ queues }: VhostState, { client, baseline }: Restoration) {
  const shared = queues.filter(({ exclusive }) => !exclusive);
  const counts = await Promise.all(shared.map(({ name }) => client.count(name)));
  return counts.every(
    ({ messageCount }, index) =>
      messageCount === (baseline.messages[shared[index]!.name]?.length ?? 0),
  );
}

/** Whether messages can move from one queue to another by themselves. */
function hasDeadLetters({ definitions: { queues, policies } }: Baseline): boolean {
  return (
    queues.some((queue) => 'x-dead-letter-exchange' in (queue.arguments ?? {})) ||
    policies.some(({ definition }) => 'dead-letter-exchange' in (definition ?? {}))
  );
}

function hasMessages({ messages }: Baseline): boolean {
  return Object.keys(messages).length > 0;
}

function isClean(state: VhostState, work: Restoration, known?: string): boolean {
  const { baseline, keepConsumers } = work;
  return (
    (state.text === known || sameTopology(state.definitions, baseline.definitions)) &&
    state.queues.every(
      ({ name, exclusive, messages, unacknowledged, consumers }) =>
        (exclusive && keepConsumers) ||
        (!exclusive &&
          unacknowledged === 0 &&
          (consumers === 0 || keepConsumers) &&
          messages === (baseline.messages[name]?.length ?? 0)),
    )
  );
}

/** What the test's ready channel holds goes back by itself when the channel ends. */
async function takeBackOwn(state: VhostState, work: Restoration): Promise<boolean> {
  const { client, keepConsumers } = work;
  if (!keepConsumers && exclusiveIn(state).length) {
    await client.reconnect();
    return true;
  }
  const holds = state.queues.some(
    ({ unacknowledged, consumers, vague }) => vague || unacknowledged > 0 || consumers > 0,
  );
  if (holds) await client.renewChannel();
  return holds;
}

/** Takes queues from the test's own clients. Resolves to whether there were any. */
async function takeBackForeign(state: VhostState, work: Restoration): Promise<boolean> {
  const { api, vhost, user, client, keepConsumers, warn } = work;
  const look = () => lookAt(api, vhost, user, client);
  const exclusive = keepConsumers ? [] : exclusiveIn(state);
  if (exclusive.length) await endOwners(exclusive, work);
  let now = exclusive.length ? await look() : state;
  if (keepConsumers) {
    // A worker that stays may be about to finish.
    await until(async () => {
      now = await look();
      return heldIn(now, work).length === 0;
    }, finishing);
  }
  const held = heldIn(now, work);
  for (const { name, unacknowledged, consumers } of held) {
    if (!unacknowledged && !consumers) continue;
    warn(
      `queue ${name} taken back with ${consumers} consumers and ${unacknowledged} unacknowledged messages from ${now.connections.join(', ') || 'a closed connection'}`,
    );
  }
  await Promise.all(held.map(({ name }) => api.remove(path('queues', vhost, name))));
  return exclusive.length + held.length > 0;
}

function exclusiveIn({ queues }: VhostState): string[] {
  return queues.filter(({ exclusive }) => exclusive).map(({ name }) => name);
}

/** Only the connection that declared an exclusive queue can delete it, or its own end. */
async function endOwners(queues: string[], { api, vhost, client, user, warn }: Restoration) {
  const names = await connectionsOf(api, user);
  if (names.length) {
    warn(`closed ${names.join(', ')}, for their exclusive queues: ${queues.join(', ')}`);
    await disconnect(api, user);
  }
  await until(async () => exclusiveIn(await lookAt(api, vhost, user, client)).length === 0);
}

/** Queues whose messages are in a client's hands, or would be soon. */
function heldIn({ queues, connections }: VhostState, { keepConsumers }: Restoration): LiveQueue[] {
  return queues.filter(
    ({ exclusive, unacknowledged, consumers, vague, type, messages }) =>
      !exclusive &&
      (unacknowledged > 0 ||
        (type === 'stream' && messages > 0) ||
        (!keepConsumers && (consumers > 0 || (vague && connections.length > 0)))),
  );
}

/** Resolves to whether anything was missing or too much. */
async function mendTopology(
  { definitions: live }: VhostState,
  work: Restoration,
): Promise<boolean> {
  const { api, client, vhost, baseline, keepConsumers } = work;
  const { definitions } = baseline;
  if (sameTopology(live, definitions)) return false;
  const gone = new Set<string>();
  const remove = (kind: string, name: string) => {
    gone.add(`${kind} ${name}`);
    return api.remove(path(kind, vhost, name));
  };
  await Promise.all([
    ...less(live.queues, definitions.queues).map(({ name }) => remove('queues', name)),
    ...less(live.exchanges, definitions.exchanges).map(({ name }) => remove('exchanges', name)),
    ...less(live.policies, definitions.policies).map(({ name }) => remove('policies', name)),
    ...less(live.parameters, definitions.parameters).map(({ component, name }) =>
      api.remove(path('parameters', component, vhost, name)),
    ),
  ]);
  const queues = new Set(live.queues.map(({ name }) => name));
  for (const binding of less(live.bindings, definitions.bindings)) {
    const { source, destination, destination_type, routing_key, arguments: args } = binding;
    if (gone.has(`exchanges ${source}`) || gone.has(`${destination_type}s ${destination}`))
      continue;
    if (destination_type === 'exchange') {
      await client.control.unbindExchange(destination, source, routing_key, args);
    } else if (queues.has(destination) || !keepConsumers) {
      await client.control.unbindQueue(destination, source, routing_key, args);
    }
  }
  const missing =
    gone.size > 0 ||
    (Object.keys(definitions) as (keyof Definitions)[]).some(
      (kind) => less<unknown>(definitions[kind], live[kind]).length > 0,
    );
  if (missing) await importDefinitions(api, vhost, definitions);
  return true;
}

/** Declares what is missing; what is there already stays. */
export async function importDefinitions(
  api: Management,
  vhost: string,
  definitions: Definitions,
): Promise<void> {
  if (Object.values(definitions).every((items) => items.length === 0)) return;
  await api.post(path('definitions', vhost), definitions);
}

/** Empties the queues, and puts the baseline's messages back. */
async function refill({ queues }: VhostState, { api, client, vhost, baseline }: Restoration) {
  await Promise.all(
    queues
      .filter(
        ({ messages, exclusive, name }) =>
          !exclusive && (messages > 0 || name in baseline.messages),
      )
      .map(({ name }) => api.remove(`${path('queues', vhost, name)}/contents`)),
  );
  if (hasMessages(baseline)) await putBack(client.control, baseline.messages);
}

function differences({ definitions, queues }: VhostState, { baseline }: Restoration) {
  const lines: string[] = [];
  for (const kind of Object.keys(definitions) as (keyof Definitions)[]) {
    for (const item of less<unknown>(definitions[kind], baseline.definitions[kind])) {
      lines.push(`not in the baseline: ${kind} ${identity(item)}`);
    }
    for (const item of less<unknown>(baseline.definitions[kind], definitions[kind])) {
      lines.push(`missing: ${kind} ${identity(item)}`);
    }
  }
  for (const { name, messages, unacknowledged, consumers } of queues) {
    const expected = baseline.messages[name]?.length ?? 0;
    if (messages === expected && !consumers) continue;
    lines.push(
      `queue ${name}: ${messages} messages instead of ${expected}, ${unacknowledged} unacknowledged, ${consumers} consumers`,
    );
  }
  return lines;
}
