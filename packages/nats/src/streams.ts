import { createInbox, type NatsConnection } from '@nats-io/transport-node';
import { type Json, SeamkitError } from '@seamkit/core';
import { call, list, ownInbox, timeout } from './connection';

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
  /** Consumers that a client waited at. */
  busy: string[];
};

/**
 * Takes down all that JetStream holds in an account, but what `known` has of it already.
 * @throws SeamkitError `UNSUPPORTED`
 */
export async function save(line: NatsConnection, known: readonly Saved[] = []): Promise<Saved[]> {
  const streams = await list(line, 'STREAM.LIST', 'streams');
  return Promise.all(
    streams.map(async (stream) => {
      const { name, storage } = stream.config;
      const same = known.find((saved) => saved.name === name);
      if (same) return same;
      const consumers = await list(line, `CONSUMER.LIST.${name}`, 'consumers');
      const look = lookOf(stream, consumers);
      const durable = consumers.map(({ config }) => config).filter((one) => one.durable_name);
      const busy = busyOf(consumers);
      const saved = { ...stream, name, look, snapshot: null, consumers: durable, busy };
      if (storage === 'file') return { ...saved, ...(await takeSnapshot(line, name)) };
      if (stream.state.last_seq === 0) return saved;
      throw new SeamkitError(
        'UNSUPPORTED',
        `the baseline has messages in ${name}, kept in memory`,
        {
          hint: "create it with storage: 'file': the server can restore such streams exactly, and its files are in memory here",
        },
      );
    }),
  );
}

/** What there is of a stream that was saved: nothing, if it is gone. */
export interface Seen {
  saved: Saved;
  stream: any;
  consumers: any[];
}

/** What differs from what was saved: streams to delete, and saved ones to put back after that. */
export interface Difference {
  stale: string[];
  missing: Seen[];
  same: Seen[];
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
  const seen = baseline.map((saved, index) => ({
    saved,
    stream: streams.find(({ config }) => config.name === saved.name),
    consumers: consumers[index]!,
  }));
  const isSame = ({ saved, stream, consumers }: Seen) =>
    stream && saved.look === lookOf(stream, consumers);
  const same = seen.filter(isSame);
  const names = new Set(same.map(({ saved }) => saved.name));
  return {
    stale: streams.map(({ config }) => config.name).filter((name) => !names.has(name)),
    missing: seen.filter((one) => !isSame(one)),
    same,
  };
}

export async function restore(line: NatsConnection, { stale, missing }: Difference): Promise<void> {
  await Promise.all(stale.map((name) => call(line, `STREAM.DELETE.${name}`).catch(unlessGone)));
  await Promise.all(missing.map(({ saved }) => put(line, saved)));
}

/**
 * Without a stream that comes and goes, for the clients that wait at its consumers: its messages go,
 * and what else differs. Resolves to how it looks then; to undefined, if the baseline has messages,
 * or the server does not change it back.
 */
export async function empty(
  line: NatsConnection,
  { saved, stream, consumers }: Seen,
): Promise<string | undefined> {
  const { name, config, state } = saved;
  if ((state as any).messages > 0) return undefined;
  const text = (value: unknown) => JSON.stringify(value);
  const wanted = saved.consumers as any[];
  const durable = consumers.map((one) => one.config).filter((one) => one.durable_name);
  const isNot = (one: any, others: any[]) => !others.some((other) => text(other) === text(one));
  const named = (one: any, others: any[]) =>
    others.some((other) => other.durable_name === one.durable_name);
  try {
    if (text(stream.config) !== text(config))
      await call(line, `STREAM.UPDATE.${name}`, config as {});
    for (const one of durable.filter((one) => !named(one, wanted)))
      await call(line, `CONSUMER.DELETE.${name}.${one.durable_name}`);
    for (const one of wanted.filter((one) => isNot(one, durable)))
      await addConsumer(line, name, one);
    await call(line, `STREAM.PURGE.${name}`);
  } catch (error) {
    if ((error as { code?: unknown }).code === undefined) throw error;
    return undefined; // the server's own words: it takes this in no other way
  }
  return lookOf(
    await call(line, `STREAM.INFO.${name}`),
    await list(line, `CONSUMER.LIST.${name}`, 'consumers'),
  );
}

/** Names of those that a client waits at. */
export function busyOf(consumers: readonly any[]): string[] {
  return consumers
    .filter(({ num_waiting: pulls, push_bound: bound }) => pulls > 0 || bound)
    .map(({ name }) => name);
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
  const inbox = createInbox(ownInbox);
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
    for (const config of consumers) await addConsumer(line, name, config);
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

async function addConsumer(line: NatsConnection, stream: string, config: any): Promise<void> {
  const subject = `CONSUMER.DURABLE.CREATE.${stream}.${config.durable_name}`;
  await call(line, subject, { stream_name: stream, config });
}
