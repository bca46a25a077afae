import { consumersOf, endGuests, guestsIn } from './guests';
import { isCrowded, isHeld, isKept } from './kept';
import { path } from './management';
import type { Restoration } from './restore';
import { importDefinitions } from './topology';
import { until } from './until';
import { connectionsOf, disconnect, type LiveQueue, look, type VhostState } from './vhost-state';

/** ms that a consumer which is kept may take to finish its work. */
const finishing = 5_000;

/**
 * Takes messages, consumers and exclusive queues from all clients, but for what is kept. A queue
 * that a test's client consumes from, or holds messages of, is deleted, to be declared anew: that
 * takes its messages back, and the connection lives on. @returns the state afterwards
 */
export async function takeBack(state: VhostState, work: Restoration): Promise<VhostState> {
  const { api, vhost, client, warn } = work;
  let now = state;
  if (now.queues.some((queue) => mayBeOurs(queue, work))) {
    await client.takeBack();
    now = await look(work);
  }
  const left: string[] = [];
  if (guestsIn(now, work).length > 0) {
    left.push(...(await endGuests(now, work)));
    now = await look(work);
  }
  if (busy(now, work).length > 0) now = await finish(work);
  const lost = now.queues.filter((queue) => isLost(queue, now, work));
  left.push(...lost.filter((queue) => queue.consumers + queue.unacknowledged > 0).map(told));
  await Promise.all(lost.map(({ name }) => api.remove(path('queues', vhost, name))));
  if (left.length > 0) {
    warn(
      `the test left open, and reset ended: ${left.join('; ')}. Cancel consumers, acknowledge messages and delete exclusive queues before the test ends. To keep a consumer, start it in beforeAll, or call setBaseline() once it runs`,
    );
  }
  return lost.length > 0 ? look(work) : now;
}

/** Removes what waits in queues. */
export async function purge(queues: readonly LiveQueue[], { api, vhost }: Restoration) {
  await Promise.all(
    queues.map(({ name }) => api.remove(`${path('queues', vhost, name)}/contents`)),
  );
}

/** The ready channel may consume from it, or hold messages of it. */
function mayBeOurs(queue: LiveQueue, { kept }: Restoration): boolean {
  return !queue.exclusive && (queue.vague || isHeld(queue, kept) || isCrowded(queue, kept));
}

/** Only its end takes back what is in a client's hands, or would be soon. */
function isLost(queue: LiveQueue, { connections }: VhostState, { kept }: Restoration): boolean {
  const { exclusive, consumers, vague, type, messages } = queue;
  if (exclusive) return false;
  if (isHeld(queue, kept) || (type === 'stream' && messages > 0)) return true;
  return !isKept(queue, kept) && (consumers > 0 || (vague && connections.length > 0));
}

function busy({ queues }: VhostState, { kept }: Restoration): LiveQueue[] {
  return queues.filter((queue) => isKept(queue, kept) && isHeld(queue, kept));
}

/** Lets consumers that are kept finish what they work at; who does not loses its connection. */
async function finish(work: Restoration): Promise<VhostState> {
  const { api, vhost, user, client, baseline, warn } = work;
  let now = await look(work);
  const finished = await until(async () => {
    await purge(busy(now, work), work); // nothing else to do
    now = await look(work);
    return busy(now, work).length === 0;
  }, finishing);
  if (finished) return now;
  const held = busy(now, work);
  const owners = (await Promise.all(held.map((queue) => consumersOf(queue, work)))).flat();
  const closed = (await connectionsOf(api, user)).filter((name) => owners.includes(name));
  // Were it emptied after its clients are gone, one that connects again at once could be faster.
  await Promise.all(held.map(({ name }) => api.remove(path('queues', vhost, name))));
  await importDefinitions(api, vhost, baseline.definitions);
  if (owners.some((name) => !closed.includes(name))) await client.reconnect();
  await disconnect(api, user, closed);
  warn(
    `closed ${closed.join(', ') || 'the ready client'}: its consumers did not finish within ${finishing / 1_000} s of the test: ${held.map(told).join('; ')}. Let the test wait until its messages are acknowledged`,
  );
  return look(work);
}

function told({ name, consumers, unacknowledged }: LiveQueue): string {
  return `queue ${name} (${counted(consumers, 'consumer')}, ${counted(unacknowledged, 'unacknowledged message')})`;
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
