import { open } from '@seamkit/core';
import { type RabbitmqOptions, rabbitmq } from '@seamkit/rabbitmq';
import { connect } from 'amqplib';
import { client, clients } from './service';
import { warnings, watchWarnings } from './warnings';

/** Messages come at once, but on a busy machine that can be a while. */
const soon = { timeout: 20_000 };

async function declare(url: string) {
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange('events', 'topic');
  await channel.assertExchange('inner', 'direct');
  await channel.bindExchange('inner', 'events', 'inner.#');
  await channel.assertQueue('work');
  await channel.bindQueue('work', 'events', 'work.*', { note: 'kept' });
  await connection.close();
}

async function seed(url: string) {
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('seeded');
  channel.sendToQueue('seeded', Buffer.from('first'), {
    headers: { trace: 'abc', bytes: Buffer.from([1]) },
    priority: 3,
    messageId: 'one',
  });
  channel.sendToQueue('seeded', Buffer.from([0, 255]), { persistent: true });
  await channel.waitForConfirms();
  await connection.close();
}

async function declareReplicated(url: string) {
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createChannel();
  await channel.assertQueue('replicated', { arguments: { 'x-queue-type': 'quorum' } });
  await channel.assertQueue('log', { arguments: { 'x-queue-type': 'stream' } });
  await connection.close();
}

const start = (options: RabbitmqOptions = { prepare: declare }) =>
  open({ mq: rabbitmq({ version: process.env.RABBITMQ_VERSION, ...options }) });

watchWarnings();

afterEach(async () => {
  // A sandbox that cannot be put right is replaced by another, which would hide it.
  expect(warnings.join('')).not.toContain('replaced');
  await Promise.all(clients.splice(0).map((connection) => connection.close().catch(() => {})));
});

test('what a test declares is gone, what it deletes is back', async () => {
  await using env = await start();
  const before = await env.mq.topology();
  const { channel } = await client(env.mq.url);
  await channel.assertQueue('extra');
  await channel.assertExchange('other', 'headers');
  await channel.bindQueue('extra', 'events', '#');
  await channel.bindQueue('work', 'events', 'more', { 'x-match': 'all' });
  await channel.unbindQueue('work', 'events', 'work.*', { note: 'kept' });
  await channel.unbindExchange('inner', 'events', 'inner.#');
  await channel.bindExchange('inner', 'other', 'x');
  await channel.bindExchange('inner', 'events', 'y');
  await env.reset();
  expect(await env.mq.topology()).toEqual(before);

  await channel.deleteQueue('work');
  await channel.deleteExchange('events');
  await env.reset();
  expect(await env.mq.topology()).toEqual(before);
});

test('a queue of the same name and other settings becomes itself again', async () => {
  await using env = await start();
  const before = await env.mq.topology();
  await env.mq.channel.deleteQueue('work');
  await env.mq.channel.assertQueue('work', { maxLength: 1 });
  await env.mq.channel.deleteExchange('inner');
  await env.mq.channel.assertExchange('inner', 'fanout');
  await env.reset();
  expect(await env.mq.topology()).toEqual(before);
});

test('policies go too', async () => {
  await using env = await start();
  const { managementUrl, vhost } = env.mq;
  const { username, password, origin } = new URL(managementUrl);
  const answer = await fetch(`${origin}/api/policies/${vhost}/short`, {
    method: 'PUT',
    headers: { authorization: `Basic ${btoa(`${username}:${password}`)}` },
    body: JSON.stringify({
      pattern: 'work',
      definition: { 'max-length': 1 },
      'apply-to': 'queues',
    }),
  });
  expect(answer.status).toBe(201);
  expect((await env.mq.topology()).policies).toHaveLength(1);
  await env.reset();
  expect((await env.mq.topology()).policies).toEqual([]);
});

test('messages that a client holds without consuming are taken back and named', async () => {
  await using env = await start();
  const { channel, connection } = await client(env.mq.url);
  await env.mq.publish('', 'work', 'held');
  expect(await channel.get('work')).toBeTruthy();
  await env.reset();
  expect(warnings.join('')).toMatch(/queue work .*1 unacknowledged/);
  await connection.close();
  expect(await env.mq.drain('work')).toEqual([]);
});

test('an idle consumer is cancelled and named, and its connection lives on', async () => {
  await using env = await start();
  const { channel } = await client(env.mq.url);
  const cancelled = new Promise((resolve, reject) => {
    channel.consume('work', (message) => resolve(message)).catch(reject);
  });
  await env.mq.channel.assertQueue('barrier');
  await channel.checkQueue('work');
  await env.reset();
  expect(await cancelled).toBeNull();
  expect(warnings.join('')).toMatch(/queue work .*1 consumer,/);
  await env.mq.publish('', 'work', 'for the next test');
  expect((await env.mq.next('work', soon)).text).toBe('for the next test');
  channel.sendToQueue('work', Buffer.from('the publisher still works'));
  await channel.waitForConfirms();
});

test('a client that only publishes is left alone', async () => {
  await using env = await start();
  const { channel } = await client(env.mq.url);
  for (let round = 0; round < 3; round++) {
    channel.publish('events', 'work.now', Buffer.from(String(round)));
    await channel.waitForConfirms();
    await env.reset();
    expect(await env.mq.drain('work')).toEqual([]);
  }
  expect(warnings).toEqual([]);
});

test('the ready channel is cleared without a warning', async () => {
  await using env = await start();
  const { channel } = env.mq;
  await env.mq.publish('', 'work', 'one');
  await channel.consume('work', () => {});
  await channel.checkQueue('work');
  await env.reset();
  expect(warnings).toEqual([]);
  expect(env.mq.channel).not.toBe(channel);
  await env.mq.publish('', 'work', 'two');
  expect((await env.mq.next('work', soon)).text).toBe('two');
});

test('a ready channel or connection that the test lost is opened again', async () => {
  await using env = await start();
  await expect(env.mq.channel.checkQueue('missing')).rejects.toThrow(/404/);
  await env.reset();
  await env.mq.channel.checkQueue('work');
  await env.mq.client.close();
  await env.reset();
  await env.mq.channel.checkQueue('work');
});

test('exclusive queues go with the connection that declared them, those of the ready one alone', async () => {
  await using env = await start();
  const { channel, connection } = await client(env.mq.url);
  const ended = new Promise((resolve) => connection.once('close', resolve));
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, 'events', '#');
  const own = await env.mq.channel.assertQueue('', { exclusive: true });
  const before = env.mq.channel;
  await env.reset();
  await ended;
  expect(warnings.join('')).toContain(queue);
  expect(warnings.join('')).not.toContain(own.queue);
  expect(env.mq.channel).toBe(before);
  await expect(before.checkQueue(own.queue)).rejects.toThrow(/404/);
});

test('messages that prepare left come back, with their properties', async () => {
  await using env = await start({ prepare: seed });
  for (let round = 0; round < 2; round++) {
    const messages = await env.mq.drain('seeded');
    expect(messages.map(({ content }) => [...content])).toEqual([
      [...Buffer.from('first')],
      [0, 255],
    ]);
    expect(messages[0]!.properties).toMatchObject({ priority: 3, messageId: 'one' });
    expect(messages[0]!.headers).toMatchObject({ trace: 'abc', bytes: Buffer.from([1]) });
    expect(messages[1]!.properties.deliveryMode).toBe(2);
    // As many as before: their number alone does not tell.
    for (const text of ['others', 'instead']) await env.mq.publish('', 'seeded', text);
    await env.reset();
  }
});

test('connections that end by themselves while they are being closed do no harm', async () => {
  await using env = await start({
    key: 'ends by itself',
    async prepare(url) {
      const many = await Promise.all(Array.from({ length: 30 }, () => connect(url)));
      for (const connection of many) connection.close().catch(() => {});
    },
  });
  await expect(env.reset()).resolves.toBeUndefined();
});

test('quorum queues and streams are emptied, also of messages in other hands', async () => {
  await using env = await start({ prepare: declareReplicated });
  const before = await env.mq.topology();
  const { channel } = await client(env.mq.url);
  for (const queue of ['replicated', 'replicated', 'log']) await env.mq.publish('', queue, 'x');
  expect(await channel.get('replicated')).toBeTruthy();
  await env.reset();
  expect(await env.mq.topology()).toEqual(before);
  await channel.close();
  expect(await env.mq.drain('replicated')).toEqual([]);
  expect(await env.mq.channel.checkQueue('log')).toMatchObject({ messageCount: 0 });
});

test('a dead letter on its way from queue to queue does not get past a reset', async () => {
  async function declareRetry(url: string) {
    const connection = await connect(url, { noDelay: true });
    const channel = await connection.createChannel();
    await channel.assertQueue('a-work');
    await channel.assertQueue('z-retry', {
      arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'a-work' },
    });
    await connection.close();
  }
  await using env = await start({ prepare: declareRetry });
  const found: string[] = [];
  for (let round = 0; round < 100; round++) {
    const texts = ['1', '2', '3', '4'].map((part) => `${round}.${part}`);
    await Promise.all(
      texts.map((text, part) => env.mq.publish('', 'z-retry', text, { expiration: part })),
    );
    await env.reset();
    found.push(...(await env.mq.drain('a-work')).map(({ text }) => text));
  }
  expect(found).toEqual([]);
});
