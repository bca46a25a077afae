import { clearTimeout, setTimeout } from 'node:timers';
import { SeamkitError } from '@seamkit/core';
import type { ConsumeMessage } from 'amqplib';
import type { ReadyClient } from './ready-client';
import { type Received, received } from './received';

export interface Wanted {
  queues: readonly string[];
  /** ms */
  timeout: number;
  /** Default: any message. Others go back to their queue. */
  matches?(message: Received): boolean;
  /** What is waited for, in errors. */
  what: string;
}

/**
 * Takes the first message that matches out of the first queue that has one, as soon as it is
 * there. A consumer of its own waits for it, on a channel of its own: when that closes, everything
 * else that it was given is back in its place (marked as redelivered).
 * @throws SeamkitError `TIMEOUT`, which names what was seen; `STATE_INVALID` for a missing queue
 */
export async function waitForMessage(client: ReadyClient, wanted: Wanted): Promise<Received> {
  const { queues, timeout, matches, what } = wanted;
  const channel = await client.borrow();
  const seen: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    // Without a condition the first one is taken: only that one leaves its queue.
    if (!matches) await channel.prefetch(1);
    return await new Promise<Received>((resolve, reject) => {
      timer = setTimeout(() => reject(late(what, timeout, queues, seen)), timeout);
      channel.once('error', reject);
      const onMessage = (queue: string) => (raw: ConsumeMessage | null) => {
        if (!raw) return reject(new Error(`queue ${queue} was deleted meanwhile`));
        const message = received(queue, raw);
        if (matches && !matches(message)) {
          seen.push(`${queue}: ${message.text.slice(0, 100)}`);
          return;
        }
        // In this order: an acknowledgement makes room for the next message.
        if (!matches) channel.cancel(raw.fields.consumerTag).catch(() => {});
        channel.ack(raw);
        resolve(message);
      };
      Promise.all(queues.map((queue) => channel.consume(queue, onMessage(queue)))).catch(reject);
    });
  } catch (error) {
    if (error instanceof SeamkitError) throw error;
    throw SeamkitError.wrap(error, 'STATE_INVALID', `rabbitmq: cannot wait for ${what}`, {
      hint: 'declare the queue in prepare, or before you wait for its messages',
    });
  } finally {
    clearTimeout(timer);
    await channel.close().catch(() => {});
  }
}

function late(what: string, timeout: number, queues: readonly string[], seen: readonly string[]) {
  const places = queues.length > 1 ? ` (queues ${queues.join(', ')})` : '';
  return new SeamkitError('TIMEOUT', `rabbitmq: no ${what} within ${timeout} ms${places}`, {
    tried: seen.length ? seen : ['nothing arrived'],
    hint: 'see that its exchange is bound to the queue (topology()), or raise the timeout',
  });
}
