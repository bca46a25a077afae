import { open } from '@seamkit/core';
import { type RabbitmqOptions, rabbitmq } from '@seamkit/rabbitmq';
import { type ConfirmChannel, connect } from 'amqplib';
import { client, clients } from './service';
import { warnings, watchWarnings } from './warnings';

const start = (options: RabbitmqOptions = {}) =>
  open({ mq: rabbitmq({ version: process.env.RABBITMQ_VERSION, ...options }) });

async function send(channel: ConfirmChannel, queue: string, text: string) {
  channel.sendToQueue(queue, Buffer.from(text), { messageId: text });
  await channel.waitForConfirms();
}

watchWarnings();

afterEach(async () => {
  await Promise.all(clients.splice(0).map((connection) => connection.close().catch(() => {})));
});

test('what hooks declare, change and remove is the baseline: queues, exchanges, bindings, policies', async () => {
  await using env = await start({
    async prepare(url) {
      const connection = await connect(url, { noDelay: true });
      const channel = await connection.createChannel();
      await channel.assertQueue('removed');
      await channel.assertQueue('changed');
      await channel.assertExchange('events', 'topic');
      await channel.bindQueue('changed', 'events', 'unbound');
      await connection.close();
    },
  });
  const { channel } = await client(env.mq.url);
  await channel.deleteQueue('removed');
  await channel.deleteQueue('changed');
  await channel.assertQueue('changed', { maxLength: 3 });
  await channel.assertQueue('added', { arguments: { 'x-queue-type': 'quorum' } });
  await channel.bindQueue('added', 'events', 'added.#');
  const { username, password, origin } = new URL(env.mq.managementUrl);
  const policies = `${origin}/api/policies/${env.mq.vhost}/short`;
  const headers = { authorization: `Basic ${btoa(`${username}:${password}`)}` };
  const body = '{"pattern":"added","definition":{"max-length":9},"apply-to":"queues"}';
  expect((await fetch(policies, { method: 'PUT', headers, body })).status).toBe(201);

  await env.mq.setBaseline();
  const baseline = await env.mq.topology();
  expect(baseline.queues.map(({ name }) => name).sort()).toEqual(['added', 'changed']);
  expect(baseline).toMatchObject({ bindings: [{ destination: 'added' }], policies: [{}] });
  await channel.deleteQueue('added');
  await channel.assertQueue('removed');
  await channel.unbindQueue('changed', 'events', 'unbound');
  expect((await fetch(policies, { method: 'DELETE', headers })).status).toBe(204);
  await env.reset();
  expect(await env.mq.topology()).toEqual(baseline);
});

test.each(['classic', 'quorum'])(
  'messages that hooks leave in a %s queue come back',
  async (type) => {
    await using env = await start();
    const { channel } = await client(env.mq.url);
    await channel.assertQueue('seeded', { arguments: { 'x-queue-type': type } });
    for (const text of ['one', 'two']) await send(channel, 'seeded', text);
    await env.mq.setBaseline();
    for (let round = 0; round < 3; round++) {
      const messages = await env.mq.drain('seeded', { count: 2, timeout: 20_000 });
      expect(messages.map(({ properties }) => properties.messageId)).toEqual(['one', 'two']);
      expect(messages.map(({ redelivered }) => redelivered)).toEqual([false, false]);
      await send(channel, 'seeded', 'of a test');
      await env.reset();
    }
    expect(warnings).toEqual([]);
  },
);

test('messages that hooks leave in a stream are gone after the first test, which is said', async () => {
  await using env = await start();
  const { channel } = await client(env.mq.url);
  await channel.assertQueue('log', { arguments: { 'x-queue-type': 'stream' } });
  await send(channel, 'log', 'of a hook');
  // The server counts what is in a stream a while later.
  while ((await channel.checkQueue('log')).messageCount === 0);
  await env.mq.setBaseline();
  expect(warnings.join('')).toContain('messages in the stream log are gone after the first test');
  await env.reset();
  expect(await channel.checkQueue('log')).toMatchObject({ messageCount: 0 });
});
