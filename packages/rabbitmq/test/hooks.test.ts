import { use } from '@seamkit/core';
import { rabbitmq } from '@seamkit/rabbitmq';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';

const env = use({ mq: rabbitmq({ version: process.env.RABBITMQ_VERSION }) });

const warnings: string[] = [];
const received: string[] = [];
let service: ChannelModel;
let perTest: ChannelModel;

/** Everything that a client can hold: a consumer, a message, an exclusive queue. */
async function hold(connection: ChannelModel, queue: string): Promise<ConfirmChannel> {
  const channel = await connection.createConfirmChannel();
  await channel.consume(queue, () => {});
  await channel.assertQueue('', { exclusive: true });
  channel.sendToQueue(queue, Buffer.from('in hand'));
  await channel.waitForConfirms();
  return channel;
}

beforeAll(async () => {
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    warnings.push(String(text));
    return true;
  });
  service = await connect(env.mq.url, { noDelay: true });
  const channel = await service.createConfirmChannel();
  for (const queue of ['work', 'other', 'seeded']) await channel.assertQueue(queue);
  channel.sendToQueue('seeded', Buffer.from('of a hook'));
  await channel.waitForConfirms();
  await channel.consume('work', (message) => {
    received.push(String(message?.content));
    if (message) channel.ack(message);
    channel.sendToQueue('done', Buffer.from('done'));
  });
  await channel.assertQueue('done');
});
beforeEach(async () => {
  perTest = await connect(env.mq.url, { noDelay: true });
});
afterEach(() => perTest.close());
afterAll(async () => {
  await service.close();
  jest.restoreAllMocks();
  expect(warnings.filter((text) => !/ as (process|container|external) /.test(text))).toEqual([]);
});

const rounds = Array.from({ length: 20 }, (_, index) => `test ${index}`);

test.each(rounds)(
  'a service of beforeAll works, and a client of %s may end in afterEach',
  async (name) => {
    await hold(perTest, 'other');
    expect((await env.mq.drain('seeded')).map(({ text }) => text)).toEqual(['of a hook']);
    await env.mq.publish('', 'work', name);
    await env.mq.next('done', { timeout: 20_000 });
    expect(received.at(-1)).toBe(name);
  },
);
