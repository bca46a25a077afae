import { performance } from 'node:perf_hooks';
import { open } from '@seamkit/core';
import { driverOn, openServer } from '@seamkit/core/inspect';
import { type S3Options, s3 } from '@seamkit/s3';

/*
 * What a reset and a sandbox of @seamkit/s3 cost, beside one listing of the same bucket by the minio
 * client. Prints medians in ms; a ratio is what can be compared between machines.
 */

const rounds = 200;

async function main(): Promise<void> {
  const rows: Record<string, { ms: number; lists?: number }> = {};
  for (const objects of [0, 20, 200]) {
    const prepare = objects ? seed(objects) : undefined;
    await using env = await open({ store: s3({ prepare, key: String(objects) }) });
    const { client, bucket, put } = env.store;
    const list = async () => {
      for await (const _ of client.listObjectsV2(bucket, '', true));
    };
    // By turns, so that a busy moment of the machine meets all of them.
    const [listing, clean, written, dirty] = await medians(
      list,
      () => env.reset(),
      () => put('written', '1'),
      () => env.reset(),
    );
    rows[`list ${objects} objects`] = { ms: listing! };
    rows[`reset of ${objects}, nothing written`] = { ms: clean!, lists: clean! / listing! };
    rows[`put one object beside ${objects}`] = { ms: written! };
    rows[`reset of ${objects}, one put`] = { ms: dirty!, lists: dirty! / listing! };
  }
  rows['new sandbox of a running server'] = { ms: await sandboxes() };
  console.table(
    Object.fromEntries(
      Object.entries(rows).map(([name, { ms, lists }]) => [
        name,
        { ms: ms.toFixed(2), lists: lists?.toFixed(1) ?? '' },
      ]),
    ),
  );
}

function seed(objects: number): S3Options['prepare'] {
  return async (_, { client, bucket }) => {
    for (let index = 0; index < objects; index++) {
      await client.putObject(bucket, `object ${index}`, 'x'.repeat(1_000));
    }
  };
}

/** ms from asking for an empty bucket to using it. */
async function sandboxes(): Promise<number> {
  const server = await openServer(s3());
  const { endpoint, runtime } = server;
  const driver = await driverOn(s3(), endpoint, { owner: 'bench', runtime, warn: console.warn });
  const template = await driver.template({ name: 'seamkit_bench_t1', index: 1, owner: 'bench' });
  let index = 1;
  const [ms] = await medians(async () => {
    const name = `seamkit_bench_s${++index}`;
    const place = await driver.create({ name, index, owner: 'bench' }, template);
    await (await driver.open(place, template)).close();
  });
  await driver.close();
  await server.close();
  return ms!;
}

/** Of each of these, done one after the other in every round. */
async function medians(...works: (() => Promise<unknown>)[]): Promise<number[]> {
  const times: number[][] = works.map(() => []);
  for (let round = -10; round < rounds; round++) {
    for (const [which, work] of works.entries()) {
      const start = performance.now();
      await work();
      if (round >= 0) times[which]!.push(performance.now() - start);
    }
  }
  return times.map((values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
