import { performance } from 'node:perf_hooks';
import { SeamkitError } from '@seamkit/core';
import type { ChannelModel, ConfirmChannel, Options } from 'amqplib';
import type { Management } from './management';
import type { ReadyClient } from './ready-client';
import { type Received, received } from './received';
import { takeAll } from './stored-messages';
import { exportDefinitions, type Topology } from './topology';
import { waitForMessage } from './wait-for-message';

/** What amqplib's `connect` takes in place of a url. */
export interface RabbitmqConnection {
  protocol: 'amqp' | 'amqps';
  hostname: string;
  port: number;
  username: string;
  password: string;
  vhost: string;
}

export interface Patience {
  /** ms to wait. Default 2,000. */
  timeout?: number;
}

/** What the test gets. Calls may run at the same time. */
export interface RabbitmqMembers {
  /** Of the sandbox: its vhost, and a user who may do everything there. */
  readonly url: string;
  /** The management API, for the same user. */
  readonly managementUrl: string;
  readonly vhost: string;
  /** The url's parts, by the names of amqplib's options: `connect(env.mq.connection)`. */
  readonly connection: RabbitmqConnection;
  /** A ready connection of amqplib. Opened again after a test that closed it. */
  readonly client: ChannelModel;
  /** A ready channel with publisher confirms. A new one after a test that consumed with it or lost it. */
  readonly channel: ConfirmChannel;
  /**
   * Publishes, and waits until the server has the message. Text and buffers go as they are,
   * everything else as JSON. The empty exchange delivers to the queue that the key names.
   * @throws SeamkitError `EXPECTATION_FAILED` if no queue takes it (not with `mandatory: false`);
   * `STATE_INVALID` if the exchange is missing
   */
  publish(
    exchange: string,
    routingKey: string,
    body: unknown,
    options?: Options.Publish,
  ): Promise<void>;
  /**
   * Takes the next message out of a queue, as soon as there is one.
   * @throws SeamkitError `TIMEOUT`; `STATE_INVALID` if the queue is missing
   */
  next(queue: string, options?: Patience): Promise<Received>;
  /**
   * Takes out everything that is in a queue, oldest first. With `count` it waits until so many
   * have come, and throws `TIMEOUT` if they do not.
   */
  drain(queue: string, options?: Patience & { count?: number }): Promise<Received[]>;
  /**
   * Takes the next message that was dead-lettered from `queue` out of whatever queue it went to.
   * @throws SeamkitError `TIMEOUT`; `STATE_INVALID` if dead letters of that queue go nowhere
   */
  deadLettered(queue: string, options?: Patience): Promise<Received>;
  /** What is declared now; without exclusive queues and what the server declares itself. */
  topology(): Promise<Topology>;
}

export interface Addresses {
  url: string;
  managementUrl: string;
  vhost: string;
}

const defaultTimeout = 2_000;

export function makeMembers(
  addresses: Addresses,
  api: Management,
  client: ReadyClient,
): RabbitmqMembers {
  const { vhost } = addresses;
  return {
    ...addresses,
    connection: connectionOf(addresses.url),
    get client() {
      return client.connection;
    },
    get channel() {
      return client.channel;
    },

    async publish(exchange, routingKey, body, options = {}) {
      const { content, contentType } = encode(body);
      const channel = await client.borrow();
      let returned = false;
      channel.on('return', () => {
        returned = true;
      });
      try {
        await new Promise<void>((resolve, reject) => {
          channel.once('error', reject);
          channel.publish(
            exchange,
            routingKey,
            content,
            { contentType, mandatory: true, ...options },
            (error) => (error ? reject(error) : resolve()),
          );
        });
      } catch (error) {
        throw SeamkitError.wrap(
          error,
          'STATE_INVALID',
          `rabbitmq: publishing to '${exchange}' failed`,
          {
            hint: 'declare the exchange in prepare, or before you publish to it',
          },
        );
      } finally {
        await channel.close().catch(() => {});
      }
      if (returned) {
        throw new SeamkitError(
          'EXPECTATION_FAILED',
          `rabbitmq: no queue takes '${routingKey}' from exchange '${exchange}'`,
          { hint: 'bind a queue, or pass mandatory: false if it may get lost' },
        );
      }
    },

    next: (queue, { timeout = defaultTimeout } = {}) =>
      waitForMessage(client, { queues: [queue], timeout, what: `message in queue ${queue}` }),

    async drain(queue, { count = 0, timeout = defaultTimeout } = {}) {
      const deadline = performance.now() + timeout;
      const messages = (await gently(client, queue)).map((message) => received(queue, message));
      while (messages.length < count) {
        const what = `message ${messages.length + 1} of ${count} in queue ${queue}`;
        const left = Math.max(1, deadline - performance.now());
        messages.push(await waitForMessage(client, { queues: [queue], timeout: left, what }));
      }
      return messages;
    },

    async deadLettered(queue, { timeout = defaultTimeout } = {}) {
      return waitForMessage(client, {
        queues: await deadLetterQueues(queue, api, vhost),
        timeout,
        matches: ({ deaths }) => deaths.some((death) => death.queue === queue),
        what: `dead letter of queue ${queue}`,
      });
    },

    async topology() {
      const { parameters: _, ...topology } = await exportDefinitions(api, vhost);
      return topology;
    },
  };
}

function connectionOf(url: string): RabbitmqConnection {
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  const secure = protocol === 'amqps:';
  return {
    protocol: secure ? 'amqps' : 'amqp',
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (secure ? 5671 : 5672)),
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
    vhost: decodeURIComponent(pathname.slice(1)),
  };
}

function encode(body: unknown): { content: Buffer; contentType?: string } {
  if (Buffer.isBuffer(body)) return { content: body };
  if (body instanceof Uint8Array) return { content: Buffer.from(body) };
  if (typeof body === 'string') return { content: Buffer.from(body), contentType: 'text/plain' };
  const json = JSON.stringify(body);
  if (json === undefined) {
    throw new SeamkitError('OPTION_INVALID', `rabbitmq: publish() got ${typeof body} as the body`, {
      hint: 'pass text, a buffer, or a value that JSON can hold',
    });
  }
  return { content: Buffer.from(json), contentType: 'application/json' };
}

/** On a channel of its own, since asking for a missing queue ends the channel. */
async function gently(client: ReadyClient, queue: string) {
  const channel = await client.borrow();
  try {
    return await takeAll(channel, queue);
  } catch (error) {
    throw SeamkitError.wrap(error, 'STATE_INVALID', `rabbitmq: queue ${queue} cannot be drained`, {
      hint: 'declare the queue in prepare, or before you drain it',
    });
  } finally {
    await channel.close().catch(() => {});
  }
}

/** Where dead letters of a queue go to, by its arguments or its policy. */
async function deadLetterQueues(queue: string, api: Management, vhost: string): Promise<string[]> {
  const nowhere = (why: string) =>
    new SeamkitError(
      'STATE_INVALID',
      `rabbitmq: dead letters of queue ${queue} go nowhere: ${why}`,
      {
        hint: 'declare it with x-dead-letter-exchange, and bind a queue to that exchange',
      },
    );
  const { queues, bindings, policies } = await exportDefinitions(api, vhost);
  const declared = queues.find(({ name }) => name === queue);
  if (!declared) throw nowhere('there is no such queue');
  const policy = policies
    .filter(({ pattern, 'apply-to': to }) => to !== 'exchanges' && new RegExp(pattern).test(queue))
    .sort((a, b) => b.priority - a.priority)[0]?.definition;
  const setting = (name: string) => declared.arguments[`x-${name}`] ?? policy?.[name];
  const exchange = setting('dead-letter-exchange') as string | undefined;
  if (exchange === undefined) throw nowhere('it has no dead-letter exchange');
  if (exchange === '') return [setting('dead-letter-routing-key') ?? queue];
  const reached = new Set<string>();
  const follow = (source: string) => {
    for (const { destination, destination_type } of bindings.filter(
      (one) => one.source === source,
    )) {
      if (destination_type === 'exchange') follow(destination);
      else reached.add(destination);
    }
  };
  follow(exchange);
  if (!reached.size) throw nowhere(`no queue is bound to ${exchange}`);
  return [...reached];
}
