import { use } from '@seamkit/core';
import { rabbitmq } from '@seamkit/rabbitmq';
import { connect } from 'amqplib';

/** Messages come at once, but on a busy machine that can be a while. */
const soon = { timeout: 20_000 };

async function declare(url: string) {
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createChannel();
  await channel.assertExchange('orders', 'topic');
  await channel.assertExchange('dead', 'fanout');
  await channel.assertQueue('graveyard');
  await channel.bindQueue('graveyard', 'dead', '');
  await channel.assertQueue('placed', { deadLetterExchange: 'dead' });
  await channel.bindQueue('placed', 'orders', 'order.placed');
  await channel.assertQueue('brief', { deadLetterExchange: 'dead', messageTtl: 20 });
  await channel.assertQueue('urgent', { maxPriority: 5 });
  await channel.assertQueue('plain');
  await channel.assertQueue('limited', {
    maxLength: 1,
    arguments: { 'x-overflow': 'reject-publish' },
  });
  await connection.close();
}

const env = use({ mq: rabbitmq({ prepare: declare, version: process.env.RABBITMQ_VERSION }) });

test('messages arrive in the order in which they were published', async () => {
  for (let number = 1; number <= 20; number++) {
    await env.mq.publish('orders', 'order.placed', { number });
  }
  const messages = await env.mq.drain('placed', { count: 20, ...soon });
  expect(messages.map((message) => message.json().number)).toEqual(
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
});

test('next waits for a message that comes later', async () => {
  const waiting = env.mq.next('placed', soon);
  await env.mq.publish('orders', 'order.placed', 'soon');
  expect(await waiting).toMatchObject({
    text: 'soon',
    exchange: 'orders',
    routingKey: 'order.placed',
    redelivered: false,
  });
});

test('next takes one message, and leaves the others as they were', async () => {
  for (const text of ['one', 'two', 'three']) await env.mq.publish('', 'plain', text);
  expect((await env.mq.next('plain', soon)).text).toBe('one');
  const rest = await env.mq.drain('plain');
  expect(rest.map(({ text, redelivered }) => [text, redelivered])).toEqual([
    ['two', false],
    ['three', false],
  ]);
});

test('waiting in vain names the queue', async () => {
  await expect(env.mq.next('placed', { timeout: 30 })).rejects.toMatchObject({
    code: 'TIMEOUT',
    summary: expect.stringContaining('queue placed'),
  });
  await env.mq.publish('', 'placed', 'only one');
  await expect(env.mq.drain('placed', { count: 2, timeout: 30 })).rejects.toMatchObject({
    code: 'TIMEOUT',
    summary: expect.stringContaining('message 2 of 2'),
  });
});

test.each([
  ['next', () => env.mq.next('missing')],
  ['drain', () => env.mq.drain('missing')],
  ['deadLettered', () => env.mq.deadLettered('missing')],
  ['publish', () => env.mq.publish('missing', 'key', 'text')],
])('%s refuses what is not declared', async (_, call) => {
  await expect(call()).rejects.toMatchObject({ code: 'STATE_INVALID', hint: expect.anything() });
});

test('publish refuses what no queue takes, unless it may get lost', async () => {
  await expect(env.mq.publish('orders', 'order.unknown', 'x')).rejects.toMatchObject({
    code: 'EXPECTATION_FAILED',
  });
  await env.mq.publish('orders', 'order.unknown', 'x', { mandatory: false });
});

test('publish takes text, bytes and values', async () => {
  await env.mq.publish('', 'plain', 'text');
  await env.mq.publish('', 'plain', Buffer.from([0, 255]));
  await env.mq.publish('', 'plain', { a: [1] }, { headers: { trace: 'abc' } });
  const [text, bytes, value] = await env.mq.drain('plain', { count: 3, ...soon });
  expect([text!.text, text!.properties.contentType]).toEqual(['text', 'text/plain']);
  expect([...bytes!.content]).toEqual([0, 255]);
  expect([value!.json(), value!.headers.trace]).toEqual([{ a: [1] }, 'abc']);
  await expect(env.mq.publish('', 'plain', undefined)).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
});

test('a message that is not JSON fails with its text', async () => {
  await env.mq.publish('', 'plain', '{"half":');
  const message = await env.mq.next('plain', soon);
  expect(() => message.json()).toThrow(
    expect.objectContaining({ code: 'EXPECTATION_FAILED', tried: ['{"half":'] }),
  );
});

test('what a consumer rejects is dead-lettered, with the reason', async () => {
  await env.mq.channel.consume('placed', (message) => {
    if (message) env.mq.channel.nack(message, false, false);
  });
  await env.mq.publish('orders', 'order.placed', 'broken');
  const dead = await env.mq.deadLettered('placed', soon);
  expect(dead.text).toBe('broken');
  expect(dead.deaths).toMatchObject([{ queue: 'placed', reason: 'rejected', count: 1 }]);
});

test('what nobody takes in time is dead-lettered as expired', async () => {
  await env.mq.publish('', 'brief', 'too late');
  const dead = await env.mq.deadLettered('brief', soon);
  expect(dead.deaths[0]).toMatchObject({ queue: 'brief', reason: 'expired' });
});

test('deadLettered looks past the dead letters of other queues', async () => {
  await env.mq.publish('', 'brief', 'of another queue');
  await env.mq
    .deadLettered('brief', soon)
    .then(({ content }) => env.mq.publish('', 'graveyard', content));
  await env.mq.publish('', 'placed', 'mine');
  const taken = await env.mq.channel.get('placed');
  if (taken) env.mq.channel.reject(taken, false);
  expect((await env.mq.deadLettered('placed', soon)).text).toBe('mine');
  expect((await env.mq.next('graveyard', soon)).text).toBe('of another queue');
});

test('dead letters that go nowhere are said so', async () => {
  await expect(env.mq.deadLettered('plain')).rejects.toMatchObject({
    code: 'STATE_INVALID',
    summary: expect.stringContaining('no dead-letter exchange'),
  });
});

test('an unacknowledged message is redelivered when its channel ends', async () => {
  const channel = await env.mq.client.createChannel();
  await env.mq.publish('', 'plain', 'again');
  expect(await channel.get('plain')).toMatchObject({ fields: { redelivered: false } });
  await channel.close();
  expect(await env.mq.next('plain', soon)).toMatchObject({ text: 'again', redelivered: true });
});

test('publisher confirms tell a refused message from a taken one', async () => {
  await env.mq.publish('', 'limited', 'fits');
  await expect(env.mq.publish('', 'limited', 'too much')).rejects.toThrow(/nacked/);
});

test('prefetch bounds what a consumer holds', async () => {
  const held: string[] = [];
  await env.mq.channel.prefetch(2);
  await env.mq.channel.consume('plain', (message) => held.push(String(message?.content)));
  for (const text of ['a', 'b', 'c']) await env.mq.publish('', 'plain', text);
  const { messageCount } = await env.mq.channel.checkQueue('plain');
  expect([held, messageCount]).toEqual([['a', 'b'], 1]);
});

test('a higher priority overtakes', async () => {
  await env.mq.publish('', 'urgent', 'low', { priority: 1 });
  await env.mq.publish('', 'urgent', 'high', { priority: 5 });
  const messages = await env.mq.drain('urgent', { count: 2, ...soon });
  expect(messages.map(({ text }) => text)).toEqual(['high', 'low']);
});

test('the topology is plain data', async () => {
  const { exchanges, queues, bindings, policies } = await env.mq.topology();
  expect(exchanges.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'dead fanout',
    'orders topic',
  ]);
  expect(queues.map(({ name }) => name).sort()).toEqual([
    'brief',
    'graveyard',
    'limited',
    'placed',
    'plain',
    'urgent',
  ]);
  expect(bindings).toContainEqual({
    source: 'orders',
    destination: 'placed',
    destination_type: 'queue',
    routing_key: 'order.placed',
    arguments: {},
  });
  expect(policies).toEqual([]);
});

test("connection has the url's parts, as amqplib takes them", async () => {
  const connection = await connect(env.mq.connection);
  const channel = await connection.createConfirmChannel();
  channel.sendToQueue('plain', Buffer.from('by its parts'));
  await channel.waitForConfirms();
  await connection.close();
  expect((await env.mq.next('plain', soon)).text).toBe('by its parts');
  const { protocol, hostname, port, username, password, vhost } = env.mq.connection;
  expect(`${protocol}://${username}:${password}@${hostname}:${port}/${vhost}`).toBe(env.mq.url);
});
