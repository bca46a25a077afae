import { setTimeout as delay } from 'node:timers/promises';
import {
  type ConsumerMessages,
  jetstream,
  jetstreamManager,
  StorageType,
} from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { open, use } from '@seamkit/core';
import { nats } from '@seamkit/nats';

// A file whose service starts, seeds and listens in `beforeAll`.

const env = use({
  bus: nats({
    async prepare(_url, connection) {
      const client = await connect(connection);
      const manager = await jetstreamManager(client);
      await manager.streams.add({ name: 'PREPARED', subjects: ['prepared.>'] });
      await manager.streams.add({ name: 'CHANGED', subjects: ['changed.>'] });
      await jetstream(client).publish('prepared.1', 'of prepare');
      await client.close();
    },
  }),
});

const printed: string[] = [];
const seen: string[] = [];
let service: NatsConnection;

/** Lets a service take what comes to a durable consumer. */
async function work(client: NatsConnection, stream: string): Promise<ConsumerMessages> {
  const consumer = await jetstream(client).consumers.get(stream, 'worker');
  const messages = await consumer.consume();
  void (async () => {
    for await (const message of messages) {
      seen.push(message.string());
      message.ack();
    }
  })();
  return messages;
}

async function contents(): Promise<unknown[]> {
  const manager = await jetstreamManager(env.bus.client);
  const streams = await manager.streams.list().next();
  const found = [];
  for (const { config, state } of streams) {
    const consumers = await manager.consumers.list(config.name).next();
    const durable = consumers.map(({ config }) => config.durable_name).filter(Boolean);
    found.push([config.name, config.subjects, config.max_msgs, state.messages, durable.sort()]);
  }
  return found.sort();
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('waited 20 s');
    await delay(5);
  }
}

beforeAll(async () => {
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
  service = await connect({ ...env.bus.connection, name: 'service', reconnect: false });
  const manager = await jetstreamManager(service);
  await manager.streams.add({ name: 'ORDERS', subjects: ['orders.>'] });
  await manager.consumers.add('ORDERS', { durable_name: 'worker', ack_policy: 'explicit' });
  await work(service, 'ORDERS');
  await manager.streams.add({ name: 'SEEDED', subjects: ['seeded'] });
  for (const text of ['one', 'two']) await jetstream(service).publish('seeded', text);
  await manager.streams.update('CHANGED', { max_msgs: 7 });
  const bucket = await new Kvm(service).create('settings');
  const watching = await bucket.watch();
  void (async () => {
    for await (const entry of watching) seen.push(`${entry.operation} ${entry.string()}`);
  })();
  env.bus.client.subscribe('news', {
    callback: (_, message) => void seen.push(message.string()),
  });
});

afterAll(async () => {
  jest.restoreAllMocks();
  await service.close();
});

test.each([1, 2, 3])(
  'what the hooks made, and what prepare left, is there and at work (round %i)',
  async () => {
    expect(await contents()).toEqual([
      ['CHANGED', ['changed.>'], 7, 0, []],
      ['KV_settings', ['$KV.settings.>'], -1, 0, []],
      ['ORDERS', ['orders.>'], -1, 0, ['worker']],
      ['PREPARED', ['prepared.>'], -1, 1, []],
      ['SEEDED', ['seeded'], -1, 2, []],
    ]);
    const manager = await jetstreamManager(env.bus.client);
    const { state } = await manager.streams.info('SEEDED');
    expect([state.first_seq, state.last_seq]).toEqual([1, 2]);

    await jetstream(env.bus.client).publish('orders.1', 'an order');
    await (await new Kvm(env.bus.client).open('settings')).put('currency', 'EUR');
    env.bus.client.publish('news', 'some news');
    await until(() => seen.length >= 3);
    expect(seen.splice(0).sort()).toEqual(['PUT EUR', 'an order', 'some news']);
    expect(service.isClosed()).toBe(false);

    await manager.streams.purge('SEEDED');
    await manager.streams.delete('PREPARED');
    await manager.streams.update('ORDERS', { max_msgs: 5 });
    await manager.consumers.add('ORDERS', { durable_name: 'more' });
    await manager.streams.add({ name: 'MORE', subjects: ['more'] });
    await manager.streams.update('CHANGED', { max_msgs: 9 });
  },
);

describe('what a hook closes after its test', () => {
  let client: NatsConnection;
  afterEach(() => client.close());
  test.each([1, 2])('is open in it (%i)', async () => {
    client = await connect({ ...env.bus.connection, reconnect: false });
    client.subscribe('more');
    await client.flush();
  });
});

test('nobody is warned of what hooks started, or closed', () => {
  expect(printed).toEqual([]);
});

describe('what cannot be kept is told, once', () => {
  let text: string;

  async function twice(
    start: (client: NatsConnection, own: NatsConnection) => Promise<unknown>,
    change: (own: NatsConnection) => Promise<unknown>,
  ): Promise<void> {
    await using own = await open({ mine: nats({ key: 'told' }) });
    const client = await connect({ ...own.mine.connection, reconnect: false });
    await start(client, own.mine.client);
    await own.setBaseline();
    printed.length = 0;
    for (const _ of [1, 2]) {
      await change(own.mine.client);
      await own.reset();
    }
    text = printed.splice(0).join('');
    await client.close();
  }

  test('a worker at a stream that has messages', async () => {
    let messages: ConsumerMessages | undefined;
    await twice(
      async (client) => {
        const manager = await jetstreamManager(client);
        await manager.streams.add({ name: 'JOBS', subjects: ['jobs'] });
        await manager.consumers.add('JOBS', { durable_name: 'worker', ack_policy: 'explicit' });
        await jetstream(client).publish('jobs', 'seed');
        messages = await work(client, 'JOBS');
        await until(() => seen.includes('seed'));
      },
      async (own) => jetstream(own).publish('jobs', 'more'),
    );
    messages!.stop();
    expect(text.match(/mine: the stream JOBS was restored, which ends .*\(worker\)/g)).toHaveLength(
      1,
    );
  });

  test('a subscription that a test adds to those of the hooks, on the kit’s client', async () => {
    await twice(
      async (_, own) => void own.subscribe('news'),
      async (own) => void own.subscribe('more'),
    );
    expect(text).toMatch(/the test subscribed the kit's client to more \(more, news\)/);
  });
});

test('messages of hooks in a stream that is kept in memory are refused', async () => {
  await using own = await open({ mine: nats({ key: 'memory' }) });
  const manager = await jetstreamManager(own.mine.client);
  await manager.streams.add({ name: 'FAST', subjects: ['fast'], storage: StorageType.Memory });
  await own.setBaseline();
  await jetstream(own.mine.client).publish('fast', '1');
  await expect(own.setBaseline()).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    hint: expect.stringContaining("storage: 'file'"),
  });
});
