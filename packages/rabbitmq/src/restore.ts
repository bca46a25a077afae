import { SeamkitError } from '@seamkit/core';
import type { Baseline } from './baseline';
import { forgetFinished, isCrowded, isHeld, type Kept, newExclusive } from './kept';
import { path } from './management';
import { putBack } from './stored-messages';
import { purge, takeBack } from './take-back';
import { type Definitions, identity, importDefinitions, less } from './topology';
import { look, type Place, sameTopology, type VhostState } from './vhost-state';

/** Where to, and how much of the service's stays. */
export interface Restoration extends Place {
  baseline: Baseline;
  kept: Kept;
  warn(message: string): void;
}

/** A message can move by itself while we look: dead letters, time-outs. */
const rounds = 4;

/**
 * Returns a vhost to its baseline. `known` is the text of a state at the baseline.
 * @returns that text, and whether anything is known to have been undone
 * @throws SeamkitError `RESET_FAILED`
 */
export async function restore(
  work: Restoration,
  known?: string,
): Promise<{ known: string; undone: boolean }> {
  const { client, vhost, baseline } = work;
  await client.mend();
  let state = await look(work);
  // A dead letter that moves from queue to queue while we look at one after the other can be seen
  // in none of them: then only a second look tells.
  const staysClean = async () => {
    if (!isClean(state, work, known)) return false;
    if (!hasDeadLetters(baseline)) return true;
    state = await look(work);
    return isClean(state, work, known) && (await countedClean(state, work));
  };
  const nobodyHolds =
    !state.queues.some(({ vague }) => vague) || !(client.used || state.connections.length);
  const tells = !hasMessages(baseline) && nobodyHolds;
  if (tells && (await staysClean())) {
    return { known: settled(state, work), undone: false };
  }
  for (let round = 1; round <= rounds; round++) {
    state = await takeBack(state, work);
    if (await mendTopology(state, work)) state = await look(work);
    await refill(state, work);
    state = await look(work);
    if (await staysClean()) return { known: settled(state, work), undone: tells };
  }
  throw new SeamkitError('RESET_FAILED', `rabbitmq: ${vhost} does not return to its baseline`, {
    tried: differences(state, work),
    hint: 'end clients that still publish or declare before the test is over',
  });
}

function settled(state: VhostState, { client, kept }: Restoration): string {
  client.settle();
  forgetFinished(state, kept);
  return state.text;
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
  const { baseline, kept } = work;
  return (
    (state.text === known || sameTopology(state.definitions, baseline.definitions)) &&
    newExclusive(state, kept).length === 0 &&
    state.queues.every(
      (queue) =>
        queue.exclusive ||
        (!isCrowded(queue, kept) &&
          !isHeld(queue, kept) &&
          queue.messages - queue.unacknowledged === (baseline.messages[queue.name]?.length ?? 0)),
    )
  );
}

/** Resolves to whether anything was missing or too much. */
async function mendTopology(
  { definitions: live }: VhostState,
  work: Restoration,
): Promise<boolean> {
  const { api, client, vhost, baseline } = work;
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
    } else if (queues.has(destination)) {
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

/** Empties the queues, and puts the baseline's messages back. */
async function refill({ queues }: VhostState, work: Restoration) {
  const { client, baseline } = work;
  const full = queues.filter(
    ({ messages, exclusive, name }) => !exclusive && (messages > 0 || name in baseline.messages),
  );
  await purge(full, work);
  if (hasMessages(baseline)) await putBack(client.control, baseline.messages);
}

function differences({ definitions, queues }: VhostState, { baseline, kept }: Restoration) {
  const lines: string[] = [];
  for (const kind of Object.keys(definitions) as (keyof Definitions)[]) {
    for (const item of less<unknown>(definitions[kind], baseline.definitions[kind])) {
      lines.push(`not in the baseline: ${kind} ${identity(item)}`);
    }
    for (const item of less<unknown>(baseline.definitions[kind], definitions[kind])) {
      lines.push(`missing: ${kind} ${identity(item)}`);
    }
  }
  for (const queue of queues) {
    const { name, messages, unacknowledged, consumers } = queue;
    const expected = baseline.messages[name]?.length ?? 0;
    if (messages === expected && !isCrowded(queue, kept)) continue;
    lines.push(
      `queue ${name}: ${messages} messages instead of ${expected}, ${unacknowledged} unacknowledged, ${consumers} consumers`,
    );
  }
  return lines;
}
