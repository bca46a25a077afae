import {
  AckPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect, headers } from '@nats-io/transport-node';
import { open, use } from '@seamkit/core';
import { nats } from '@seamkit/nats';

const env = use({
  bus: nats({
    async prepare(_url, connection) {
      const client = await connect(connection);
      const manager = await jetstreamManager(client);
      await manager.streams.add({ name: 'ORDERS', subjects: ['orders.>'] });
      await manager.streams.add({
        name: 'JOBS',
        subjects: ['jobs'],
        storage: StorageType.Memory,
        retention: RetentionPolicy.Workqueue,
      });
      await manager.consumers.add('JOBS', {
        durable_name: 'worker',
        ack_policy: AckPolicy.Explicit,
      });
      await manager.consumers.add('ORDERS', {
        durable_name: 'mail',
        ack_policy: AckPolicy.Explicit,
      });
      const sent = headers();
      sent.set('by', 'Ada');
      for (const id of [1, 2, 3, 4]) {
        await jetstream(client).publish(`orders.${id}`, `order ${id}`, { headers: sent });
      }
      await manager.streams.deleteMessage('ORDERS', 3);
      const consumer = await jetstream(client).consumers.get('ORDERS', 'mail');
      await (await consumer.next())!.ackAck();
      const bucket = await new Kvm(client).create('settings', { history: 3 });
      await bucket.put('currency', 'EUR');
      await bucket.put('currency', 'USD');
      await client.close();
    },
  }),
});

/** All that can be told of the streams, less what changes by itself. */
async function contents() {
  const manager = await jetstreamManager(env.bus.client);
  const streams = await manager.streams.list().next();
  return Promise.all(
    streams
      .sort((a, b) => a.config.name.localeCompare(b.config.name))
      .map(async ({ config, state }) => {
        const messages = [];
        for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq++) {
          const found = await manager.streams.getMessage(config.name, { seq }).catch(() => null);
          if (found)
            messages.push([
              seq,
              found.subject,
              found.string(),
              String(found.header),
              found.timestamp,
            ]);
        }
        const consumers = await manager.consumers.list(config.name).next();
        return [
          config,
          state,
          messages,
          consumers.map(({ name, config, delivered, ack_floor, ...rest }) => [
            [name, config, delivered.stream_seq, ack_floor.stream_seq],
            [rest.num_ack_pending, rest.num_pending, rest.num_redelivered],
          ]),
        ];
      }),
  );
}

async function made(): Promise<string[]> {
  const manager = await jetstreamManager(env.bus.client);
  const consumers = await manager.consumers.list('ORDERS').next();
  return consumers.map(({ name, created }) => `${name} ${created}`);
}

const closing: (() => Promise<void>)[] = [];

afterAll(async () => {
  for (const close of closing) await close();
});

let baseline: unknown;
beforeAll(async () => {
  baseline = await contents();
});

test('what prepare left is there', async () => {
  expect(JSON.stringify(baseline)).toContain('order 4');
  const bucket = await new Kvm(env.bus.client).open('settings');
  expect((await bucket.get('currency'))!.revision).toBe(2);
});

test.each<[string, () => Promise<unknown>]>([
  ['a published message', async () => jetstream(env.bus.client).publish('orders.9', 'nine')],
  ['a purged stream', async () => (await jetstreamManager(env.bus.client)).streams.purge('ORDERS')],
  [
    'a deleted message',
    async () => (await jetstreamManager(env.bus.client)).streams.deleteMessage('ORDERS', 2),
  ],
  [
    'a deleted stream',
    async () => (await jetstreamManager(env.bus.client)).streams.delete('ORDERS'),
  ],
  [
    'a stream that was deleted and made again',
    async () => {
      const manager = await jetstreamManager(env.bus.client);
      const { config } = await manager.streams.info('ORDERS');
      await manager.streams.delete('ORDERS');
      await manager.streams.add(config);
      for (const id of [1, 2, 3, 4])
        await jetstream(env.bus.client).publish(`orders.${id}`, 'other');
    },
  ],
  [
    'a changed configuration',
    async () => (await jetstreamManager(env.bus.client)).streams.update('ORDERS', { max_msgs: 5 }),
  ],
  [
    'a new stream on a subject of an old one',
    async () => {
      const manager = await jetstreamManager(env.bus.client);
      await manager.streams.delete('ORDERS');
      await manager.streams.add({ name: 'THEIRS', subjects: ['orders.>'] });
    },
  ],
  [
    'a consumer that went on',
    async () => {
      const consumer = await jetstream(env.bus.client).consumers.get('ORDERS', 'mail');
      await (await consumer.next())!.ackAck();
    },
  ],
  [
    'a message that was taken and not acknowledged',
    async () => (await jetstream(env.bus.client).consumers.get('ORDERS', 'mail')).next(),
  ],
  [
    'a deleted consumer',
    async () => (await jetstreamManager(env.bus.client)).consumers.delete('ORDERS', 'mail'),
  ],
  [
    'a new consumer',
    async () =>
      (await jetstreamManager(env.bus.client)).consumers.add('ORDERS', { durable_name: 'new' }),
  ],
  [
    'a bucket’s new revision',
    async () => (await new Kvm(env.bus.client).open('settings')).put('currency', 'CHF'),
  ],
  ['a new bucket', async () => (await new Kvm(env.bus.client).create('more')).put('key', 'value')],
  [
    'a message in a stream kept in memory',
    async () => jetstream(env.bus.client).publish('jobs', '1'),
  ],
  ['a closed client', async () => env.bus.client.close()],
  ['a client that drains', async () => void env.bus.client.drain()],
])('%s is undone', async (_, change) => {
  await change();
  await env.bus.reset();
  expect(await contents()).toEqual(baseline);
});

test('where nothing was written, nothing is restored', async () => {
  const before = await made();
  await env.bus.reset();
  expect(await made()).toEqual(before);
});

test('a consumer that is not durable goes on with its client', async () => {
  const seen: string[] = [];
  const client = await connect(env.bus.connection);
  closing.push(() => client.close());
  const watching = await (await new Kvm(client).open('settings')).watch();
  const watched = (async () => {
    for await (const { value } of watching) {
      seen.push(new TextDecoder().decode(value));
      if (seen.length === 2) return;
    }
  })();
  for (const _test of [1, 2]) await env.bus.reset();
  const bucket = await new Kvm(env.bus.client).open('settings');
  await bucket.put('currency', 'CHF');
  await watched;
  expect(seen).toEqual(['USD', 'CHF']);
});

test('a baseline with messages in a stream that is kept in memory is refused', async () => {
  const opening = open({
    bus: nats({
      async prepare(_url, connection) {
        const client = await connect(connection);
        const manager = await jetstreamManager(client);
        await manager.streams.add({
          name: 'FAST',
          subjects: ['fast'],
          storage: StorageType.Memory,
        });
        await jetstream(client).publish('fast', '1');
        await client.close();
      },
    }),
  });
  await expect(opening).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  await expect(opening).rejects.toThrow(/the baseline has messages in FAST/);
});
