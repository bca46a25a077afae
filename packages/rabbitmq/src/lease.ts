import { setTimeout as delay } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import { connectTo, urlOf } from './broker';
import { type Management, path } from './management';

/** The vhost where living owners are written down, on external servers only. */
const place = 'seamkit_lease';

/** What our vhosts carry, beside their names. */
export const marker = 'seamkit';

/** ms that an owner may be away: between two test files nobody of it may be connected. */
const grace = 60_000;
const retryInterval = 1_000;

/**
 * An owner's sign of life: a queue that the server deletes by itself once nobody has consumed from
 * it for a minute. Each driver of the owner consumes from it, again after its connection was lost.
 * @returns how to give it back
 */
export async function takeLease(
  api: Management,
  url: string,
  owner: string,
): Promise<() => Promise<void>> {
  await api.put(path('vhosts', place), { description: 'Leases of Seamkit', tags: marker });
  await api.put(path('permissions', place, api.user), {
    configure: '.*',
    write: '.*',
    read: '.*',
  });
  let over = false;
  let connection = await consume(url, owner);
  const hold = () => connection.once('close', () => void takeAgain());
  async function takeAgain(): Promise<void> {
    while (!over) {
      await delay(retryInterval, undefined, { ref: false });
      const again = await consume(url, owner).catch(() => undefined);
      if (!again) continue;
      connection = again;
      if (over) return connection.close();
      hold();
      return;
    }
  }
  hold();
  return async () => {
    over = true;
    await connection.close().catch(() => {});
  };
}

async function consume(url: string, owner: string): Promise<ChannelModel> {
  const connection = await connectTo(urlOf(url, place), `seamkit:${owner}`);
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  await channel.assertQueue(leaseOf(owner), { durable: true, expires: grace });
  await channel.consume(leaseOf(owner), () => {}, { noAck: true });
  return connection;
}

/**
 * Removes vhosts and users that bear our name and our mark, and whose owner is dead, or is `ended`.
 * Returns their names.
 */
export async function sweepDead(api: Management, ended?: string): Promise<string[]> {
  if (ended) await api.remove(path('queues', place, leaseOf(ended)));
  const [vhosts, users] = await Promise.all([
    api.get<{ name: string; tags?: string | string[] }[]>('/vhosts'),
    api.get<{ name: string; tags?: string | string[] }[]>('/users'),
  ]);
  // Then, not meanwhile: who has made one of those since it began had its lease before.
  const leases = await api.get<{ name: string }[]>(`${path('queues', place)}?disable_stats=true`);
  const living = new Set(leases.map(({ name }) => name));
  const dead = ({ name, tags }: { name: string; tags?: string | string[] }) => {
    const owner = /^seamkit_([^_]+)_[^_]+$/.exec(name)?.[1];
    return owner !== undefined && isMarked(tags) && !living.has(leaseOf(owner));
  };
  const removed: string[] = [];
  for (const { name } of vhosts.filter(dead)) {
    await api.remove(path('vhosts', name));
    removed.push(`vhost ${name}`);
  }
  for (const { name } of users.filter(dead)) {
    await api.remove(path('users', name));
    removed.push(`user ${name}`);
  }
  return removed;
}

function isMarked(tags: string | string[] = ''): boolean {
  return String(tags).split(',').includes(marker);
}

function leaseOf(owner: string): string {
  return `seamkit_${owner}`;
}
