import type { Channel } from 'amqplib';

export const exchange = 'orders';

export interface Queue {
  /** Where the worker reads. */
  name: string;
  /** What it gets: routing keys of the exchange. */
  events: string[];
}

export const receipts: Queue = { name: 'receipts', events: ['order.paid'] };

/** A message waits here until its `expiration`, and then goes back to its queue. */
export const retryQueue = (queue: Queue) => `${queue.name}.retry`;

/** What could not be handled ends here, for people to look at. */
export const deadQueue = (queue: Queue) => `${queue.name}.dead`;

/** Declares all that we publish to and read from. May be repeated. */
export async function declareTopology(channel: Channel): Promise<void> {
  await channel.assertExchange(exchange, 'topic');
  for (const queue of [receipts]) {
    await channel.assertQueue(deadQueue(queue));
    await channel.assertQueue(retryQueue(queue), {
      deadLetterExchange: '',
      deadLetterRoutingKey: queue.name,
    });
    await channel.assertQueue(queue.name, {
      deadLetterExchange: '',
      deadLetterRoutingKey: deadQueue(queue),
    });
    for (const event of queue.events) await channel.bindQueue(queue.name, exchange, event);
  }
}
