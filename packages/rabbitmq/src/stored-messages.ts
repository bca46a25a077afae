import type { Channel, ConfirmChannel, GetMessage, Options } from 'amqplib';

/** A message of the baseline, as plain data: base64, and properties as JSON. */
export type StoredMessage = { content: string; properties: string };

/** Takes everything out of a queue, oldest first. */
export async function takeAll(channel: Channel, queue: string): Promise<GetMessage[]> {
  const messages: GetMessage[] = [];
  for (;;) {
    const message = await channel.get(queue, { noAck: true });
    if (!message) return messages;
    messages.push(message);
  }
}

export function store({ content, properties }: GetMessage): StoredMessage {
  return { content: content.toString('base64'), properties: JSON.stringify(properties) };
}

/** Puts messages into queues, in order, and waits until the server has them. */
export async function putBack(
  channel: ConfirmChannel,
  messages: { [queue: string]: StoredMessage[] },
): Promise<void> {
  for (const [queue, stored] of Object.entries(messages)) {
    for (const { content, properties } of stored) {
      const options = JSON.parse(properties, reviveBuffers) as Options.Publish & {
        deliveryMode?: number;
      };
      // Whose id it was is checked by the server against whoever sends it.
      const { userId: _, ...rest } = options;
      channel.sendToQueue(queue, Buffer.from(content, 'base64'), rest);
    }
  }
  await channel.waitForConfirms();
}

function reviveBuffers(_: string, value: any): unknown {
  return value?.type === 'Buffer' && Array.isArray(value.data) ? Buffer.from(value.data) : value;
}
