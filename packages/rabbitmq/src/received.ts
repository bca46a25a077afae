import { SeamkitError } from '@seamkit/core';
import type { Message, MessageProperties } from 'amqplib';

/** A message as it came out of a queue. */
export interface Received {
  content: Buffer;
  /** The content as UTF-8. */
  text: string;
  exchange: string;
  routingKey: string;
  headers: { [name: string]: any };
  properties: MessageProperties;
  /** The server had given it to somebody before. */
  redelivered: boolean;
  /** Where it was dead-lettered from, newest first, with the reason: rejected, expired, maxlen, … */
  deaths: readonly { queue: string; reason: string; count: number; exchange: string }[];
  /** The content parsed. @throws SeamkitError `EXPECTATION_FAILED` if it is not JSON */
  json<Value = any>(): Value;
}

export function received(queue: string, { content, fields, properties }: Message): Received {
  const text = content.toString('utf8');
  const headers = properties.headers ?? {};
  return {
    content,
    text,
    exchange: fields.exchange,
    routingKey: fields.routingKey,
    headers,
    properties,
    redelivered: fields.redelivered,
    deaths: (headers['x-death'] ?? []) as unknown as Received['deaths'],
    json() {
      try {
        return JSON.parse(text);
      } catch (error) {
        throw SeamkitError.wrap(
          error,
          'EXPECTATION_FAILED',
          `rabbitmq: a message of queue ${queue} is not JSON`,
          { tried: [text.slice(0, 200)], hint: 'look at its publisher, or read .text' },
        );
      }
    },
  };
}
