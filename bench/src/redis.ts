import { performance } from 'node:perf_hooks';
import { open } from '@seamkit/core';
import { driverOn, openServer } from '@seamkit/core/inspect';
import { type RedisOptions, redis } from '@seamkit/redis';
import { Redis } from 'ioredis';

/*
 * What a reset and a sandbox of @seamkit/redis cost, beside one PING on the same server by the same
 * client library. Prints medians in ms; a ratio is what can be compared between machines.
 */

const rounds = 500;

async function main(): Promise<void> {
  const rows: Record<string, { ms: number; pings?: number }> = {};
  const baselines: [string, RedisOptions][] = [
    ['empty baseline', {}],
    ['100 keys', { prepare: seed(100, 0), key: '100' }],
    ['1,000 keys', { prepare: seed(1_000, 0), key: '1000' }],
    ['1,000 keys, 100 of them with a time to live', { prepare: seed(1_000, 100), key: 'ttl' }],
  ];
  for (const [name, options] of baselines) {
    await using env = await open({ cache: redis(options) });
    const { client } = env.cache;
    // By turns, so that a busy moment of the machine meets all of them.
    const [ping, clean, dirty] = await medians(
      () => client.ping(),
      () => env.reset(),
      () => client.set('written', '1'),
    );
    rows.PING ??= { ms: ping };
    rows[`reset, ${name}, nothing written`] = { ms: clean, pings: clean / ping };
    rows[`reset, ${name}, one key written`] = { ms: dirty, pings: dirty / ping };
  }
  rows['new sandbox of a running server'] = { ms: await sandboxes() };
  console.table(
    Object.fromEntries(
      Object.entries(rows).map(([name, { ms, pings }]) => [
        name,
        { ms: ms.toFixed(3), pings: pings?.toFixed(1) ?? '' },
      ]),
    ),
  );
}

/** Fresh sandboxes: a number claimed, connected, filled, and the first command answered. */
async function sandboxes(): Promise<number> {
  const boundary = redis();
  const server = await openServer(boundary);
  const { endpoint, runtime } = server;
  const driver = await driverOn(boundary, endpoint, {
    owner: 'bench',
    runtime,
    warn: console.warn,
  });
  const template = await driver.template({
    name: 'seamkit_bench_t1',
    index: 4_000,
    owner: 'bench',
  });
  const times: number[] = [];
  for (let index = 4_001; index <= 4_050; index++) {
    const begin = performance.now();
    const id = { name: `seamkit_bench_s${index}`, index, owner: 'bench' };
    const place = await driver.create(id, template);
    const sandbox = await driver.open(place, template);
    await sandbox.members.client.ping();
    times.push(performance.now() - begin);
    await sandbox.close();
    await driver.destroy(place);
  }
  await driver.close();
  await server.close();
  return middle(times);
}

function seed(keys: number, withTimes: number): (url: string) => Promise<void> {
  // The numbers are in the boundary's `key`: functions with one source share a template.
  return async (url) => {
    const client = new Redis(url);
    const work = client.pipeline();
    for (let index = 0; index < keys; index++) {
      if (index < withTimes) work.set(`key ${index}`, 'value', 'EX', 3_600);
      else work.hset(`key ${index}`, { name: 'a product', price: index });
    }
    await work.exec();
    client.disconnect();
  };
}

/** Medians of a PING, of a reset, and of a reset after a write. */
async function medians(
  ping: () => Promise<unknown>,
  reset: () => Promise<unknown>,
  write: () => Promise<unknown>,
): Promise<[number, number, number]> {
  const times: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    times[0].push(await took(ping));
    times[1].push(await took(reset));
    await write();
    times[2].push(await took(reset));
  }
  return [middle(times[0]), middle(times[1]), middle(times[2])];
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

function middle(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
