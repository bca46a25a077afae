import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { type Driver, type Endpoint, type SandboxContext, SeamkitError } from '@seamkit/core';
import { accessTo, claim, holds, type Place } from './accounts';
import { Baseline } from './baseline';
import { type Client, clientsIn, leftBehind } from './clients';
import { call, connectTo } from './connection';
import type { NatsMembers } from './members';
import type { NatsOptions } from './options';
import { compare, restore, type Saved, save } from './streams';

/** ms that clients which were closed, or whose process was killed, may take to be gone. */
const parting = 3_000;

/** Gives out the server's accounts. */
export async function connectDriver(
  endpoint: Endpoint,
  { prepare }: NatsOptions,
  { warn, prepare: runPrepare }: SandboxContext,
): Promise<Driver<NatsMembers, Saved[], Place>> {
  const { host, username: user, password: pass } = new URL(endpoint.url);
  const line = await connectTo({ servers: host, user, pass });
  const accounts = Number(endpoint.accounts);

  /** An account in which somebody stays is not given out again. */
  async function free(place: Place): Promise<void> {
    if (!(await holds(line, place))) return;
    const own = await connectTo(accessTo(endpoint, place.account).access);
    try {
      await restore(own, await compare(own, []));
      if ((await clientsIn(own)).length === 1) await call(line, `STREAM.DELETE.${place.account}`);
    } finally {
      await own.close();
    }
  }

  return {
    async template(id) {
      if (!prepare) return [];
      const place = await claim(line, accounts, id);
      const { url, access } = accessTo(endpoint, place.account);
      try {
        await runPrepare((signal) => prepare(url, { ...access, signal }));
        const own = await connectTo(access);
        return await save(own).finally(() => own.close());
      } finally {
        await free(place).catch(() => {}); // the server is gone, and this with it
      }
    },
    create: (id) => claim(line, accounts, id),
    async open(place, template) {
      const baseline = new Baseline(template, warn);
      const { url, access } = accessTo(endpoint, place.account);
      let client = await connectTo(access);
      try {
        await alone(client);
        await baseline.restore(client);
      } catch (error) {
        await client.close();
        throw error;
      }
      // Before the first reset nobody has left anything.
      let newest = Number.POSITIVE_INFINITY;
      // What the kit's client is subscribed to by hooks.
      let kept = '';
      return {
        members: {
          url,
          connection: access,
          get client() {
            return client;
          },
        },
        async reset() {
          if (client.isClosed() || client.isDraining()) {
            client = await connectTo(access);
            kept = '';
          }
          const [clients, undone] = await Promise.all([
            clientsIn(client),
            baseline.restore(client),
          ]);
          for (const { name, subjects } of await leftBehind(client, clients, newest)) {
            const what = `${name} subscribed to ${subjects.join(', ')}`;
            warn(`the test left the client ${what}; it acts on later tests too`);
          }
          newest = newestOf(clients);
          const subjects = subjectsOf(client, clients);
          if (subjects === kept) return undone;
          if (kept) {
            warn(
              `the test subscribed the kit's client to more (${subjects}) than the file's hooks did, and that stays; subscribe with a client of the test's own`,
            );
            kept = subjects;
          } else {
            await client.close();
            client = await connectTo(access);
          }
          return undone;
        },
        async setBaseline() {
          const [clients, moved] = await Promise.all([clientsIn(client), baseline.set(client)]);
          newest = newestOf(clients);
          kept = subjectsOf(client, clients);
          return moved;
        },
        close: () => client.close(),
      };
    },
    recover: async () => {}, // opening restores it
    destroy: free,
    destroyTemplate: async () => {},
    close: () => line.close(),
  };
}

const newestOf = (clients: readonly Client[]) => Math.max(...clients.map(({ id }) => id));

function subjectsOf(line: NatsConnection, clients: readonly Client[]): string {
  return clients.find(({ id }) => id === line.info!.client_id)?.subjects.join(', ') ?? '';
}

/** Rejects while others are in the account: files before left them, and they would act on ours. */
async function alone(line: NatsConnection): Promise<void> {
  const deadline = performance.now() + parting;
  for (;;) {
    const others = (await clientsIn(line)).filter(({ id }) => id !== line.info!.client_id);
    if (others.length === 0) return;
    if (performance.now() > deadline) {
      const summary = `the client ${others[0]!.name} is still in an account that was given back`;
      throw new SeamkitError('RESET_FAILED', summary, { hint: 'close connections in an afterAll' });
    }
    await delay(10);
  }
}
