import { type ConsumerMessages, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { open, use } from '@seamkit/core';
import { type NatsAccess, nats } from '@seamkit/nats';
import { compare, restore } from '../dist/streams';

const env = use({ mine: nats() });

let warnings: string[];
const opened: NatsConnection[] = [];

async function service(connection: NatsAccess): Promise<NatsConnection> {
  const client = await connect({ ...connection, name: 'service', reconnect: false });
  opened.push(client);
  return client;
}

beforeEach(() => {
  warnings = [];
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    warnings.push(String(text));
    return true;
  });
});

afterAll(async () => {
  jest.restoreAllMocks();
  for (const client of opened) await client.close();
});

describe('what a test leaves behind is named', () => {
  async function warned(leave: (client: NatsConnection) => unknown): Promise<string> {
    await using own = await open({ mine: nats() });
    await own.reset();
    const client = await service(own.mine.connection);
    await leave(client);
    await client.flush();
    await own.reset();
    const text = warnings.join('');
    await own.reset();
    expect(warnings.join('')).toBe(text); // once is enough
    await client.close();
    return text;
  }

  test('a subscription', async () => {
    const text = await warned(async (client) => {
      client.subscribe('orders.*');
      client.subscribe('news');
    });
    expect(text).toMatch(
      /mine: the test left the client 127.*"service" subscribed to news, orders\.\*; it acts on later tests too/,
    );
  });

  test('a pull', async () => {
    let pulling: ConsumerMessages | undefined;
    const text = await warned(async (client) => {
      const manager = await jetstreamManager(client);
      await manager.streams.add({ name: 'ORDERS', subjects: ['orders.>'] });
      await manager.consumers.add('ORDERS', { durable_name: 'worker' });
      const consumer = await jetstream(client).consumers.get('ORDERS', 'worker');
      pulling = await consumer.consume();
    });
    pulling!.stop();
    expect(text).toMatch(/"service" subscribed to an inbox/);
  });

  test('no client that only asks and publishes', async () => {
    const text = await warned(async (client) => {
      await (await jetstreamManager(client)).streams.add({ name: 'S', subjects: ['s'] });
      await jetstream(client).publish('s', '1');
    });
    expect(text).toBe('');
  });
});

test('the kit’s own client is subscribed to nothing after a reset', async () => {
  const heard: string[] = [];
  env.mine.client.subscribe('news', {
    callback: (_, message) => void heard.push(message.string()),
  });
  await env.mine.reset();
  env.mine.client.publish('news', 'late');
  await env.mine.client.flush();
  expect(heard).toEqual([]);
  expect(warnings).toEqual([]);
});

test('a stream that somebody deletes during a reset is no trouble', async () => {
  const { client } = env.mine;
  await (await jetstreamManager(client)).streams.add({ name: 'THEIRS', subjects: ['theirs'] });
  const difference = await compare(client, []);
  expect(difference.stale).toEqual(['THEIRS']);
  await (await jetstreamManager(client)).streams.delete('THEIRS');
  await restore(client, difference);
});

test('an account in which a file left a client is given to no other', async () => {
  const files = await Promise.all([{}, {}].map(() => open({ bus: nats({ key: 'left' }) })));
  const left = await connect({ ...files[0]!.bus.connection, reconnect: false });
  opened.push(left);
  left.subscribe('>');
  await left.flush();
  const [spoilt, sound] = files.map(({ bus }) => bus.url);
  for (const file of files) await file.close();

  const next = await Promise.all([{}, {}].map(() => open({ bus: nats({ key: 'left' }) })));
  const urls = next.map(({ bus }) => bus.url);
  for (const file of next) await file.close();
  expect(urls).not.toContain(spoilt);
  expect(urls).toContain(sound);
});
