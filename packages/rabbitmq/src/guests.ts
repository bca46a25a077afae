import { isCrowded, isKept, newExclusive } from './kept';
import { path, Refusal } from './management';
import type { Restoration } from './restore';
import { until } from './until';
import { connectionsOf, disconnect, type LiveQueue, look, type VhostState } from './vhost-state';

/** What a test's client has that ends with its connection alone. */
interface Guest {
  what: string;
  /** Which of the open connections have it, or one like it; undefined where the server is too late to tell. */
  owners(open: readonly string[]): Promise<string[] | undefined>;
  /** Takes it as a part of the baseline. */
  keep(): void;
}

/** Exclusive queues, and consumers beside those that are kept. */
export function guestsIn(state: VhostState, work: Restoration): Guest[] {
  const { kept } = work;
  const beside = state.queues.filter((queue) => isKept(queue, kept) && isCrowded(queue, kept));
  return [
    ...newExclusive(state, kept).map((name) => ({
      what: `exclusive queue ${name}`,
      owners: () => ownerOf(name, work),
      keep: () => void kept.exclusive.add(name),
    })),
    ...beside.map((queue) => ({
      what: `consumer of queue ${queue.name}`,
      owners: async (open: readonly string[]) => {
        const names = await consumersOf(queue, work, open);
        return names.length < queue.consumers ? undefined : names;
      },
      keep: () => {
        kept.queues.get(queue.name)!.consumers = queue.consumers;
      },
    })),
  ];
}

/**
 * Closes the connections that have guests, unless it is the service's own: then the guest stays, and
 * is named once. @returns what was closed
 */
export async function endGuests(state: VhostState, work: Restoration): Promise<string[]> {
  const { api, user, client, kept, warn } = work;
  await Promise.all(newExclusive(state, kept).map((name) => client.deleteOwn(name)));
  const guests = guestsIn(await look(work), work);
  if (guests.length === 0) return [];
  const open = await connectionsOf(api, user);
  const foreign = open.filter((name) => !kept.connections.has(name));
  // Where all are the test's, the server is not asked whose is what: it takes its time to tell.
  const alone = foreign.length === open.length;
  const owners = await Promise.all(
    guests.map(async (guest) => (alone ? open : ((await guest.owners(open)) ?? foreign))),
  );
  const closed = foreign.filter((name) => owners.flat().includes(name));
  await disconnect(api, user, alone ? undefined : closed);
  const [ended, staying] = [true, false].map((ends) =>
    guests.filter((_, index) => owners[index]!.some((name) => closed.includes(name)) === ends),
  ) as [Guest[], Guest[]];
  await until(async () => {
    const now = guestsIn(await look(work), work).map(({ what }) => what);
    return ended.every(({ what }) => !now.includes(what));
  }, 1_000);
  for (const guest of staying) guest.keep();
  if (staying.length > 0) {
    warn(
      `the test left, on a connection that this file's hooks opened, and it is kept from now on: ${listed(staying)}. Cancel consumers and delete exclusive queues before the test ends, or give the test a connection of its own`,
    );
  }
  return closed.length > 0 ? [`${closed.join(', ')} (${listed(ended)})`] : [];
}

/**
 * Names of the connections that consume from a queue; of those in `open`, where it is passed. The
 * server lists consumers a while after they began, and for a while after they are gone.
 */
export async function consumersOf(
  { name, consumers }: LiveQueue,
  { api, vhost }: Restoration,
  open?: readonly string[],
): Promise<string[]> {
  let names: string[] = [];
  await until(async () => {
    const all = await api.get<{ queue: { name: string }; channel_details: Channel }[]>(
      path('consumers', vhost),
    );
    names = all
      .filter(({ queue }) => queue.name === name)
      .map(({ channel_details }) => channel_details.connection_name)
      .filter((owner) => !open || open.includes(owner));
    return names.length >= consumers;
  });
  return names;
}

type Channel = { connection_name: string };

/** The name of the connection that declared an exclusive queue: as late. None, if it is gone. */
async function ownerOf(queue: string, { api, vhost }: Restoration): Promise<string[] | undefined> {
  let owner: string | undefined;
  const told = await until(async () => {
    try {
      const { owner_pid_details } = await api.get<{ owner_pid_details?: { name?: string } }>(
        path('queues', vhost, queue),
      );
      owner = owner_pid_details?.name;
      return owner !== undefined;
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) return true;
      throw error;
    }
  });
  if (!told) return undefined;
  return owner === undefined ? [] : [owner];
}

function listed(guests: readonly Guest[]): string {
  return guests.map(({ what }) => what).join(', ');
}
