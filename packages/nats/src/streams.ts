import { createInbox, type NatsConnection } from '@nats-io/transport-node';
import { type Json, SeamkitError } from '@seamkit/core';
import { call, list, timeout } from './connection';

const streamNotFound = 10059;

/** A stream of the baseline. KV buckets and object stores are streams too. */
export type Saved = {
  name: string;
  /** What a look at it gives as long as nobody changed it. */
  look: string;
  config: Json;
  state: Json;
  /** The server's snapshot, in base64. Null: the stream is kept in memory and was always empty. */
  snapshot: string[] | null;
  consumers: Json[];
};

/** Takes down all that JetStream holds in an account. @throws SeamkitError `UNSUPPORTED` */
export async function save(line: NatsConnection): Promise<Saved[]> {
  const streams = await list(line, 'STREAM.LIST', 'streams');
  return Promise.all(
    streams.map(async (stream) => {
      const { name, storage } = stream.config;
      const consumers = await list(line, `CONSUMER.LIST.${name}`, 'consumers');
      const look = lookOf(stream, consumers);
      const durable = consumers.map(({ config }) => config).filter((one) => one.durable_name);
      const saved = { ...stream, name, look, snapshot: null, consumers: durable };
      if (storage === 'file') return { ...saved, ...(await takeSnapshot(line, name)) };
      if (stream.state.last_seq === 0) return saved;
      throw new SeamkitError('UNSUPPORTED', `prepare left messages in ${name}, kept in memory`, {
        hint: "create it with storage: 'file': the server can restore such streams exactly, and its files are in memory here",
      });
    }),
  );
}

/** What differs from what was saved: streams to delete, and saved ones to put back after that. */
export interface Difference {
  stale: string[];
  missing: Saved[];
}

/** One round trip. */
export async function compare(
  line: NatsConnection,
  baseline: readonly Saved[],
): Promise<Difference> {
  const [streams, ...consumers] = await Promise.all([
    list(line, 'STREAM.LIST', 'streams'),
    ...baseline.map(({ name }) => list(line, `CONSUMER.LIST.${name}`, 'consumers').catch(() => [])),
  ]);
  const missing = baseline.filter(({ name, look }, index) => {
    const stream = streams.find(({ config }) => config.name === name);
    return !stream || look !== lookOf(stream, consumers[index]!);
  });
  const kept = baseline.filter((saved) => !missing.includes(saved)).map(({ name }) => name);
  const names = streams.map(({ config }) => config.name);
  return { stale: names.filter((name) => !kept.includes(name)), missing };
}

export async function restore(line: NatsConnection, { stale, missing }: Difference): Promise<void> {
  await Promise.all(stale.map((name) => call(line, `STREAM.DELETE.${name}`).catch(unlessGone)));
  await Promise.all(missing.map((saved) => put(line, saved)));
}

/** A client that goes on may have deleted it just then. */
function unlessGone(error: { code?: unknown }): void {
  if (error.code !== streamNotFound) throw error;
}

/**
 * Without what changes by itself, as times of making do, and without the consumers that are not
 * durable: they belong to clients, and end with them.
 */
function lookOf({ config, state }: any, consumers: readonly any[]): string {
  const durable = consumers.filter(({ config }) => config.durable_name);
  const positions = durable.map(({ name, config, delivered, ack_floor: floor, ...rest }) => [
    name,
    config,
    [delivered.consumer_seq, delivered.stream_seq, floor.consumer_seq, floor.stream_seq],
    [rest.num_ack_pending, rest.num_redelivered, rest.num_pending],
  ]);
  return JSON.stringify([config, { ...state, consumer_count: durable.length }, positions.sort()]);
}

async function takeSnapshot(line: NatsConnection, name: string) {
  const inbox = createInbox();
  const arriving = line.subscribe(inbox);
  const { config, state } = await call(line, `STREAM.SNAPSHOT.${name}`, { deliver_subject: inbox });
  const snapshot: string[] = [];
  for await (const message of arriving) {
    if (message.data.length === 0) break;
    snapshot.push(Buffer.from(message.data).toString('base64'));
    message.respond();
  }
  return { config, state, snapshot };
}

async function put(line: NatsConnection, saved: Saved): Promise<void> {
  const { name, config, state, snapshot, consumers } = saved;
  if (!snapshot) {
    await call(line, `STREAM.CREATE.${name}`, config as object);
    for (const config of consumers as any[]) {
      const subject = `CONSUMER.DURABLE.CREATE.${name}.${config.durable_name}`;
      await call(line, subject, { stream_name: name, config });
    }
    return;
  }
  const { deliver_subject: target } = await call(line, `STREAM.RESTORE.${name}`, { config, state });
  let answer: any;
  for (const chunk of [...snapshot, '']) {
    answer = await line.request(target, Buffer.from(chunk, 'base64'), { timeout });
  }
  const { error } = answer.json();
  if (error) throw new Error(`the stream ${name} could not be restored: ${error.description}`);
}
