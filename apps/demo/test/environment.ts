import { auth } from '@seamkit/auth';
import type { Environment } from '@seamkit/core';
import { files } from '@seamkit/files';
import { http } from '@seamkit/http';
import { postgres } from '@seamkit/postgres';
import { rabbitmq } from '@seamkit/rabbitmq';
import { redis } from '@seamkit/redis';
import { s3 } from '@seamkit/s3';
import { connect } from 'amqplib';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../src/app';
import { type Config, paymentsUrl } from '../src/config';
import { declareTopology } from '../src/events/topology';
import { startWorker } from '../src/worker';

/**
 * The boundaries of this service, as its tests get them. A test file takes those that it needs:
 *
 *     const { db, cache } = boundaries;
 *     const env = use({ db, cache });
 */
export const boundaries = {
  db: postgres({ prepare: { migrations: 'migrations' } }),
  cache: redis(),
  mq: rabbitmq({
    async prepare(url) {
      const connection = await connect(url, { noDelay: true });
      await declareTopology(await connection.createChannel());
      await connection.close();
    },
  }),
  storage: s3(),
  payments: http({
    origins: [paymentsUrl],
    contract: 'contracts/payments.yaml',
    cassette: 'test/cassettes/payments.yaml',
  }),
  auth: auth({ audience: 'orders' }),
  folder: files(),
};

/** Every test has a database; what it does not take, the service runs without. */
type All = Environment<typeof boundaries>;
export type Env = Pick<All, 'db'> & Partial<All>;

/** What the service would read from its environment, for the boundaries of a test file. */
export function configFor({ db, cache, mq, storage, payments, auth, folder }: Env): Config {
  return {
    databaseUrl: db.url,
    logLevel: 'silent',
    paymentMinutes: 30,
    cache: cache && { url: cache.url, seconds: 60, timeout: 5_000 },
    broker: mq && { url: mq.url, attempts: 3, retryDelay: 10 },
    storage: storage && {
      url: storage.endpoint,
      region: storage.region,
      bucket: storage.bucket,
      accessKey: storage.accessKey,
      secretKey: storage.secretKey,
      linkSeconds: 900,
    },
    // Nothing of the stub: the service calls the provider, and gets the stub.
    payments: payments && { url: paymentsUrl, key: 'key-of-the-demo', timeout: 5000 },
    auth: auth && { issuer: auth.url, audience: auth.audience },
    exportFolder: folder?.path,
  };
}

/** The API, as a test sees it: `await using api = await startApi(env)` ends it with the test. */
export function startApi(env: Env, changes?: Partial<Config>): Promise<FastifyInstance> {
  return buildApp({ ...configFor(env), ...changes });
}

/** The worker: `await using _ = await startTestWorker(env)` ends it with the test. */
export async function startTestWorker(
  env: Env,
  changes?: Partial<Config>,
): Promise<AsyncDisposable> {
  const worker = await startWorker({ ...configFor(env), ...changes });
  return { [Symbol.asyncDispose]: () => worker.close() };
}
