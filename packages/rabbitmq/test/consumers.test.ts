import { once } from 'node:events';
import { open } from '@seamkit/core';
import { type RabbitmqOptions, rabbitmq } from '@seamkit/rabbitmq';
import { type ConsumeMessage, connect } from 'amqplib';
import { client, clients, consume, Inbox, Listener } from './service';
import { warnings, watchWarnings } from './warnings';

jest.setTimeout(60_000);

/** Messages come at once, but on a busy machine that can be a while. */
const soon = { timeout: 20_000 };

const start = (options: RabbitmqOptions = {}) =>
  open({ mq: rabbitmq({ version: process.env.RABBITMQ_VERSION, prepare: declare, ...options }) });

async function declare(url: string) {
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createChannel();
  await channel.assertExchange('events', 'topic');
  await channel.assertQueue('work');
  await channel.assertQueue('other');
  await connection.close();
}

watchWarnings();

afterEach(async () => {
  // A sandbox that cannot be put right is replaced by another, which would hide it.
  expect(warnings.join('')).not.toContain('replaced');
  await Promise.all(clients.splice(0).map((connection) => connection.close().catch(() => {})));
});

test('consumers that hooks started live through resets', async () => {
  await using env = await start();
  const { channel } = await client(env.mq.url);
  const inboxes = await Promise.all([consume(channel, 'work'), consume(env.mq.channel, 'other')]);
  await env.mq.setBaseline();
  for (let round = 1; round <= 3; round++) {
    await env.mq.publish('', 'work', `work ${round}`);
    await env.mq.publish('', 'other', `other ${round}`);
    await Promise.all(inboxes.map((inbox) => inbox.has(round)));
    await env.reset();
  }
  expect(inboxes.map(({ texts }) => texts)).toEqual([
    ['work 1', 'work 2', 'work 3'],
    ['other 1', 'other 2', 'other 3'],
  ]);
  expect(warnings).toEqual([]);
});

test('setting a baseline touches neither deliveries in hand nor messages on their way', async () => {
  await using env = await start();
  const { channel } = await client(env.mq.url);
  await channel.prefetch(1);
  const held: ConsumeMessage[] = [];
  const inbox = new Inbox();
  await channel.consume('work', (message) => {
    if (message) held.push(message);
    inbox.take(message);
  });
  for (const text of ['in hand', 'next']) await env.mq.publish('', 'work', text);
  await inbox.has(1);
  await env.mq.setBaseline();
  channel.ack(held[0]!);
  await inbox.has(2);
  channel.ack(held[1]!);
  await env.reset();
  expect(inbox.texts).toEqual(['in hand', 'next']);
  expect(held[1]!.fields.redelivered).toBe(false);
  expect(warnings).toEqual([]);
});

test('a reset waits for what a kept consumer works at, and takes what waits behind it', async () => {
  await using env = await start();
  const { channel } = await client(env.mq.url);
  await channel.prefetch(1);
  const inbox = new Inbox();
  let finish = () => {};
  await channel.consume('work', (message) => {
    finish = () => message && channel.ack(message);
    inbox.take(message);
  });
  await env.mq.setBaseline();
  for (const text of ['begun', 'behind it', 'last']) await env.mq.publish('', 'work', text);
  await inbox.has(1);
  const reset = env.reset();
  const { channel: watcher } = await client(env.mq.url);
  while ((await watcher.checkQueue('work')).messageCount > 0);
  finish();
  await reset;
  await env.mq.publish('', 'work', 'of the next test');
  await inbox.has(2);
  expect(inbox.texts).toEqual(['begun', 'of the next test']);
  expect(warnings).toEqual([]);
});

test('a kept consumer that never finishes loses its connection, and one that connects again goes on', async () => {
  await using env = await start();
  const listener = new Listener(env.mq.url, (text) => text !== 'held');
  await listener.listen();
  const { channel } = await client(env.mq.url);
  const bystander = await consume(channel, 'other');
  await env.mq.setBaseline();
  for (const text of ['held', 'behind it']) await env.mq.publish('', 'work', text);
  await listener.inbox.has(1);
  await env.reset();
  expect(listener.ended).toEqual([expect.stringContaining('CONNECTION-FORCED')]);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/did not finish within 5 s.*queue work .*1 unacknowledged/);

  for (let round = 2; round <= 3; round++) {
    await env.mq.publish('', 'work', `test ${round}`);
    await env.mq.publish('', 'other', `test ${round}`);
    await listener.inbox.has(round);
    await bystander.has(round - 1);
    await env.reset();
  }
  expect(listener.inbox.texts).toEqual(['held', 'test 2', 'test 3']);
  expect(bystander.texts).toEqual(['test 2', 'test 3']);
  expect(warnings).toHaveLength(1);
});

test('consumers that a test leaves are ended and named at once, beside those that are kept', async () => {
  await using env = await start();
  const service = await client(env.mq.url);
  const kept = await consume(service.channel, 'work');
  await env.mq.setBaseline();
  const visitor = await client(env.mq.url);
  const closed = once(visitor.connection, 'close');
  await consume(visitor.channel, 'work', false);
  await visitor.channel.assertQueue('', { exclusive: true });
  const cancelled = await consume(service.channel, 'other');
  await env.reset();
  await closed;
  await cancelled.has(1);
  expect(cancelled.texts).toEqual([null]);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/consumer of queue work.*queue other \(1 consumer,.*beforeAll/);
  for (const text of ['one', 'two']) await env.mq.publish('', 'work', text);
  await kept.has(2);
  expect(kept.texts).toEqual(['one', 'two']);
});

test('what a test leaves on a connection of the service stays, and is named once', async () => {
  await using env = await start();
  const { channel, connection } = await client(env.mq.url);
  const kept = await consume(channel, 'work');
  await env.mq.setBaseline();
  const further = await consume(await connection.createConfirmChannel(), 'work');
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await env.reset();
  await env.reset();
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/kept from now on: exclusive queue (.*), consumer of queue work/);
  expect(warnings[0]).toContain(queue);
  await channel.checkQueue(queue);
  for (const text of ['one', 'two']) await env.mq.publish('', 'work', text);
  await Promise.all([kept.has(1), further.has(1)]);
});

test('of the ready channel only what a test consumes is ended', async () => {
  await using env = await start();
  const { channel } = env.mq;
  const kept = await consume(channel, 'work');
  await env.mq.setBaseline();
  const later = await consume(channel, 'work');
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await env.reset();
  expect(env.mq.channel).toBe(channel);
  for (const text of ['one', 'two']) await env.mq.publish('', 'work', text);
  await kept.has(2);
  expect(later.texts).toEqual([]);
  await expect(channel.checkQueue(queue)).rejects.toThrow(/404/);
  expect(warnings).toEqual([]);
});

test('exclusive queues and self-deleting ones that hooks declared stay, with their bindings and consumers', async () => {
  await using env = await start();
  const { channel } = await client(env.mq.url);
  const { queue: replies } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(replies, 'events', 'reply');
  await channel.assertQueue('news', { autoDelete: true });
  await channel.bindQueue('news', 'events', 'news');
  const inboxes = await Promise.all([consume(channel, replies), consume(channel, 'news')]);
  await env.mq.setBaseline();
  for (let round = 1; round <= 2; round++) {
    for (const key of ['reply', 'news']) await env.mq.publish('events', key, `${key} ${round}`);
    await Promise.all(inboxes.map((inbox) => inbox.has(round)));
    await env.reset();
  }
  expect(inboxes.map(({ texts }) => texts)).toEqual([
    ['reply 1', 'reply 2'],
    ['news 1', 'news 2'],
  ]);
  const before = await env.mq.topology();
  await channel.close();
  await env.reset();
  expect(await env.mq.topology()).toEqual(before); // without its consumer
  expect(warnings).toEqual([]);
});

test('a service that connects again during a test is none of its leftovers', async () => {
  await using env = await start();
  const connectAndListen = async () => {
    const { connection, channel } = await client(env.mq.url);
    await channel.assertQueue('', { exclusive: true });
    return { connection, inbox: await consume(channel, 'work') };
  };
  const first = await connectAndListen();
  await env.mq.setBaseline();
  await first.connection.close();
  const second = await connectAndListen();
  await env.reset();
  await env.mq.publish('', 'work', 'goes on');
  await second.inbox.has(1);
  expect(warnings).toEqual([]);
});

test('a kept consumer of a quorum queue lives through resets, which empty it', async () => {
  await using env = await start();
  const { channel } = await client(env.mq.url);
  await channel.assertQueue('replicated', { arguments: { 'x-queue-type': 'quorum' } });
  const inbox = await consume(channel, 'replicated');
  await env.mq.setBaseline();
  for (let round = 1; round <= 3; round++) {
    await env.mq.publish('', 'replicated', String(round));
    await inbox.has(round);
    await env.reset();
  }
  expect(inbox.texts).toEqual(['1', '2', '3']);
  expect(warnings).toEqual([]);
});

test('the next file gets a sandbox without the consumers of the last one', async () => {
  const env = await start({ key: 'consumers of the last one' });
  const { channel } = await client(env.mq.url);
  const inbox = await consume(channel, 'work');
  await env.mq.setBaseline();
  await env.close();
  await using next = await start({ key: 'consumers of the last one' });
  await next.mq.publish('', 'work', 'for the next file');
  expect((await next.mq.next('work', soon)).text).toBe('for the next file');
  expect(inbox.texts.filter((text) => text !== null)).toEqual([]);
});
