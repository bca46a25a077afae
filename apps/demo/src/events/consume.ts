import { type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib';
import type { FastifyBaseLogger } from 'fastify';
import type { BrokerConfig } from '../config';
import { declareTopology, type Queue, retryQueue } from './topology';

/** A message that no retry will make better: it goes to the dead letters at once. */
export class Unreadable extends Error {}

/**
 * Calls `handle` with each message of the queue. When that fails, the message comes again after
 * `retryDelay` ms, up to `attempts` times in all; then it is a dead letter.
 */
export async function consume(
  queue: Queue,
  handle: (payload: unknown) => Promise<void>,
  { url, attempts, retryDelay }: BrokerConfig,
  log: FastifyBaseLogger,
): Promise<{ close(): Promise<void> }> {
  const inHand = new Set<Promise<void>>();
  let closing = false;
  let reading: { channel: ConfirmChannel; consumerTag: string } | undefined;

  async function take(channel: ConfirmChannel, message: ConsumeMessage): Promise<void> {
    const attempt = Number(message.properties.headers?.attempt ?? 1);
    try {
      await handle(parse(message));
      channel.ack(message);
    } catch (error) {
      log.warn(error, `${queue.name}: attempt ${attempt} of ${attempts} failed`);
      if (error instanceof Unreadable || attempt >= attempts) {
        channel.nack(message, false, false);
        return;
      }
      // First the copy, then the acknowledgement: a message is there twice rather than not at all.
      channel.sendToQueue(retryQueue(queue), message.content, {
        ...message.properties,
        headers: { ...message.properties.headers, attempt: attempt + 1 },
        expiration: retryDelay,
      });
      await channel.waitForConfirms();
      channel.ack(message);
    }
  }

  const connection = await connect(url, {
    noDelay: true,
    recovery: {
      waitForConnect: false,
      maxDelay: 5000,
      // After every (re)connection.
      async setup(model: ChannelModel) {
        const channel = await model.createConfirmChannel();
        // Whatever ends the channel ends the connection, and that is mended from here again.
        channel.on('error', (error) => log.warn(error, 'the broker closed the channel'));
        channel.on('close', () => closing || void model.close().catch(() => {}));
        await declareTopology(channel);
        await channel.prefetch(10);
        const { consumerTag } = await channel.consume(queue.name, (message) => {
          if (!message) return void channel.close().catch(() => {}); // the queue was deleted
          const taken = take(channel, message)
            .catch((error) => log.warn(error, `${queue.name}: the message will come again`))
            .finally(() => inHand.delete(taken));
          inHand.add(taken);
        });
        reading = { channel, consumerTag };
      },
    },
  });
  connection.on('error', (error) => log.warn(error, 'the connection to the broker failed'));
  connection.on('connect-failed', (error) => log.warn(error, 'the broker is out of reach'));
  await connection.waitForConnect();

  return {
    /** Takes no more messages, finishes those in hand, and leaves. */
    async close() {
      closing = true;
      await reading?.channel.cancel(reading.consumerTag).catch(() => {});
      await Promise.all(inHand);
      // First the channel: the end of the connection may overtake the last acknowledgements.
      await reading?.channel.close().catch(() => {});
      await connection.close();
    },
  };
}

function parse(message: ConsumeMessage): unknown {
  try {
    return JSON.parse(message.content.toString());
  } catch (cause) {
    throw new Unreadable('the message is no JSON', { cause });
  }
}
