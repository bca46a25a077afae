import { use } from '@seamkit/core';
import { rabbitmq } from '@seamkit/rabbitmq';
import { ReadyClient } from '../dist/ready-client';

const env = use({ mq: rabbitmq({ version: process.env.RABBITMQ_VERSION }) });

test('a queue that is gone hides nothing of the others that are asked for with it', async () => {
  const { channel, url } = env.mq;
  await channel.assertQueue('there');
  await channel.consume('there', () => {});
  const client = await ReadyClient.open(url, 'test');
  try {
    const queues = ['gone', 'there', 'gone, too', 'there'];
    const counts = await Promise.all(queues.map((queue) => client.count(queue)));
    expect(counts.map(({ consumerCount }) => consumerCount)).toEqual([0, 1, 0, 1]);
  } finally {
    await client.close();
  }
});

test('who asks while it closes is refused, at once', async () => {
  const client = await ReadyClient.open(env.mq.url, 'test');
  const closing = client.close();
  await expect(client.count('there')).rejects.toThrow(/clos/i);
  await closing;
});
