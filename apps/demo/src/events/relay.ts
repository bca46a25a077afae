import { clearInterval, setInterval } from 'node:timers';
import { type ConfirmChannel, connect } from 'amqplib';
import type { FastifyBaseLogger } from 'fastify';
import type { Pool } from 'pg';
import { type OrderEvent, publishOutbox } from './outbox';
import { declareTopology, exchange } from './topology';

/** Brings events from the outbox to the broker: when told to, and every second. */
export interface Relay {
  /** There is something in the outbox. Returns at once. */
  wake(): void;
}

/** Without a broker events wait in the outbox. */
export const noRelay: Relay = { wake: () => {} };

export async function startRelay(
  url: string,
  pool: Pool,
  log: FastifyBaseLogger,
): Promise<Relay & { close(): Promise<void> }> {
  // A broker that is away delays events; it stops nobody from placing an order.
  const connection = await connect(url, {
    noDelay: true,
    recovery: { waitForConnect: false, maxDelay: 5000 },
  });
  let connected = false;
  connection.on('error', (error) => log.warn(error, 'the connection to the broker failed'));
  connection.on('connect-failed', (error) => log.warn(error, 'the broker is out of reach'));
  connection.on('disconnect', () => {
    connected = false;
  });
  connection.on('connect', () => {
    connected = true;
    wake();
  });

  let channel: ConfirmChannel | undefined;
  async function openChannel(): Promise<ConfirmChannel> {
    const opened = await connection.createConfirmChannel();
    opened.on('error', (error) => log.warn(error, 'the broker closed the channel'));
    opened.on('close', () => {
      channel = undefined;
    });
    await declareTopology(opened);
    return opened;
  }

  let asked = false;
  let running: Promise<void> | undefined;
  async function run(): Promise<void> {
    while (asked && connected) {
      asked = false;
      try {
        const confirming = channel ?? (await openChannel());
        channel = confirming;
        await publishOutbox(pool, (events) => publish(confirming, events));
      } catch (error) {
        log.warn(error, 'events stay in the outbox for now');
      }
    }
    running = undefined;
  }
  function wake(): void {
    asked = true;
    running ??= run();
  }
  const timer = setInterval(wake, 1000);

  return {
    wake,
    async close() {
      clearInterval(timer);
      await running;
      await connection.close();
    },
  };
}

/** Resolves when the broker has taken all of them. */
async function publish(channel: ConfirmChannel, events: OrderEvent[]): Promise<void> {
  for (const { id, type, payload } of events) {
    channel.publish(exchange, type, Buffer.from(JSON.stringify(payload)), {
      messageId: `order-event-${id}`,
      contentType: 'application/json',
      persistent: true,
    });
  }
  await channel.waitForConfirms();
}
