import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import { connectTo, urlOf } from './broker';
import { type Management, path, Refusal } from './management';

/*
 * Who has what on an external server, kept in that server: a vhost of its own, where each living
 * owner has a queue, and each vhost and user of an owner's has a claim. Only what is claimed is ever
 * swept. On a server of ours there is none of this: its keeper looks after it.
 */
const place = 'seamkit_lease';

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
  await api.put(path('vhosts', place), { description: 'Leases and claims of Seamkit' });
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
 * Says that the vhost and the user of this name will be an owner's. A claim is an exchange that
 * nothing goes through: only who may write to the vhost of the leases can make one.
 * @returns the tag that they must bear, which nobody could guess: a name alone may be anybody's
 */
export async function claim(api: Management, owner: string, name: string): Promise<string> {
  const tag = randomBytes(16).toString('hex');
  await api.put(path('exchanges', place, name), {
    type: 'fanout',
    durable: true,
    internal: true,
    arguments: { owner, tag },
  });
  return tag;
}

/** Resolves if there is none. */
export async function disclaim(api: Management, name: string): Promise<void> {
  await api.remove(path('exchanges', place, name));
}

/**
 * Removes the vhosts and users that are claimed, bear their claim's tag, and whose owner is dead, or
 * is `ended`. Returns their names.
 */
export async function sweepDead(api: Management, ended?: string): Promise<string[]> {
  if (ended) await api.remove(path('queues', place, leaseOf(ended)));
  const listed = await api.get<{ name: string; arguments: { owner?: string; tag?: string } }[]>(
    `${path('exchanges', place)}?disable_stats=true`,
  );
  // Then, not meanwhile: who has claimed one of those since it began had its lease before.
  const leases = await api.get<{ name: string }[]>(`${path('queues', place)}?disable_stats=true`);
  const living = new Set(leases.map(({ name }) => name));
  const removed: string[] = [];
  for (const { name, arguments: claimed } of listed) {
    const { owner, tag } = claimed;
    if (!owner || !tag || living.has(leaseOf(owner))) continue;
    for (const kind of ['vhost', 'user']) {
      const thing = path(`${kind}s`, name);
      if (!(await bears(api, thing, tag))) continue;
      await api.remove(thing);
      removed.push(`${kind} ${name}`);
    }
    await disclaim(api, name);
  }
  return removed;
}

async function bears(api: Management, thing: string, tag: string): Promise<boolean> {
  try {
    const { tags = [] } = await api.get<{ tags?: string | string[] }>(thing);
    return String(tags).split(',').includes(tag);
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return false;
    throw error;
  }
}

function leaseOf(owner: string): string {
  return `seamkit_${owner}`;
}
