import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { Objm } from '@nats-io/obj';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { open, type ServerKit, use } from '@seamkit/core';
import { type NatsMembers, type NatsOptions, nats } from '@seamkit/nats';

const env = use({ bus: nats(), other: nats({ key: 'another sandbox' }) });
const opened: NatsConnection[] = [];

afterAll(async () => {
  for (const client of opened) await client.close();
});

/** A client of the service under test. */
async function service(connection: { servers: string }, name?: string): Promise<NatsConnection> {
  const client = await connect({ ...connection, name, reconnect: false });
  opened.push(client);
  return client;
}

test('the same subject, stream, bucket and object store, in two accounts', async () => {
  const one = await service(env.bus.connection);
  const other = await service(env.other.connection);
  const heard: string[] = [];
  for (const [name, client] of Object.entries({ one, other })) {
    client.subscribe('news', {
      callback: (_, message) => void heard.push(`${name}: ${message.string()}`),
    });
    const manager = await jetstreamManager(client);
    await manager.streams.add({ name: 'ORDERS', subjects: ['orders.>'] });
    await (await new Kvm(client).create('settings')).put('owner', name);
    await (await new Objm(client).create('files')).putBlob(
      { name },
      new TextEncoder().encode(name),
    );
    await client.flush();
  }
  one.publish('news', 'for one');
  await jetstream(one).publish('orders.1', 'of one');
  await one.flush();
  await other.flush();

  expect(heard).toEqual(['one: for one']);
  const { state } = await (await jetstreamManager(other)).streams.info('ORDERS');
  expect(state.messages).toBe(0);
  const settings = await new Kvm(other).open('settings');
  expect((await settings.get('owner'))!.string()).toBe('other');
  const files = await new Objm(other).open('files');
  expect((await files.list()).map(({ name }) => name)).toEqual(['other']);
});

test('an account’s user sees nothing of the others, nor of the kit’s', async () => {
  const manager = await jetstreamManager(env.bus.client);
  expect(await manager.streams.list().next()).toEqual([]);
  await expect(service({ servers: env.bus.connection.servers })).rejects.toThrow(/authorization/i);
});

test('the url names server and account', async () => {
  const { host, username, password } = new URL(env.bus.url);
  expect({ servers: host, user: username, pass: password }).toEqual(env.bus.connection);
  const kit = nats().kit as ServerKit<NatsOptions, NatsMembers, any, any>;
  expect(kit.variables!(env.bus)).toEqual({
    NATS_SERVERS: host,
    NATS_USER: username,
    NATS_PASSWORD: password,
  });
});

describe('a server of one’s own', () => {
  test('takes clients without credentials, and goes back to its baseline', async () => {
    await using own = await open({
      bus: nats({
        exclusive: true,
        async prepare(_url, connection) {
          const client = await connect(connection);
          await (await jetstreamManager(client)).streams.add({ name: 'ORDERS', subjects: ['o'] });
          await client.close();
        },
      }),
    });
    expect(own.bus.url).toMatch(/^nats:\/\/127\.0\.0\.1:\d+$/);
    expect(new URL(own.bus.url).host).not.toBe(env.bus.connection.servers);
    const client = await service({ servers: own.bus.url });
    await jetstream(client).publish('o', 'first');
    await own.reset();
    const { state } = await (await jetstreamManager(client)).streams.info('ORDERS');
    expect(state.last_seq).toBe(0);
  });
});
