import { performance } from 'node:perf_hooks';

/*
 * Samples for containers.ts, in a process of their own: for a kit (`kit`) or Testcontainers alone,
 * the ms from this process' birth to the first answered query, and of them what the server took to be
 * ready; and for each round that it is then told by a line of its input, the same of another start,
 * with everything loaded. Loads only what its side needs.
 */

/** Starts a server and asks it something. `memory` (MB) is above its need, and makes it a new one. */
type Start = (memory: number) => Promise<Started>;

interface Started {
  /** ms from the container's start until it counted as ready. */
  ready(): Promise<number>;
  stop(): Promise<unknown>;
}

/** What the keeper says of the server that it started last. */
async function readyTime(): Promise<number> {
  const { keeperStatus } = await import('@seamkit/core/inspect');
  const { servers } = (await keeperStatus(process.env.SEAMKIT_WORKSPACE!))!;
  return servers.at(-1)!.startMs!;
}

async function timed<T>(start: () => Promise<T>): Promise<{ server: T; ready: Started['ready'] }> {
  const begin = performance.now();
  const server = await start();
  const ms = performance.now() - begin;
  return { server, ready: async () => ms };
}

const kits: Record<string, () => Promise<Start>> = {
  async postgres() {
    const { open } = await import('@seamkit/core');
    const { postgres } = await import('@seamkit/postgres');
    return async (memory) => {
      const env = await open({ it: postgres({ container: { memory: `${memory}m` } }) });
      await env.it.query('select 1');
      return { ready: readyTime, stop: () => env.close() };
    };
  },
  async redis() {
    const { open } = await import('@seamkit/core');
    const { redis } = await import('@seamkit/redis');
    return async (memory) => {
      const env = await open({ it: redis({ container: { memory: `${memory}m` } }) });
      await env.it.client.ping();
      return { ready: readyTime, stop: () => env.close() };
    };
  },
  async rabbitmq() {
    const { open } = await import('@seamkit/core');
    const { rabbitmq } = await import('@seamkit/rabbitmq');
    return async (memory) => {
      const env = await open({ it: rabbitmq({ container: { memory: `${memory}m` } }) });
      await env.it.channel.assertQueue('first');
      return { ready: readyTime, stop: () => env.close() };
    };
  },
  async s3() {
    const { open } = await import('@seamkit/core');
    const { s3 } = await import('@seamkit/s3');
    return async (memory) => {
      const env = await open({ it: s3({ container: { memory: `${memory}m` } }) });
      await env.it.client.putObject(env.it.bucket, 'first', 'x');
      return { ready: readyTime, stop: () => env.close() };
    };
  },
};

/**
 * As the documentation of each module shows it, and with the same limit. S3 with a generic
 * container, since the image need not be MinIO's.
 */
const testcontainers: Record<string, () => Promise<Start>> = {
  async postgres() {
    const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
    const { Client } = await import('pg');
    return async (memory) => {
      const { server, ready } = await timed(() =>
        new PostgreSqlContainer(image('postgres', 'postgres:17'))
          .withResourcesQuota({ memory: memory / 1024 })
          .start(),
      );
      const client = new Client({ connectionString: server.getConnectionUri() });
      await client.connect();
      await client.query('select 1');
      return { ready, stop: () => client.end().then(() => server.stop()) };
    };
  },
  async redis() {
    const { RedisContainer } = await import('@testcontainers/redis');
    const { Redis } = await import('ioredis');
    return async (memory) => {
      const { server, ready } = await timed(() =>
        new RedisContainer(image('redis', 'redis:8'))
          .withResourcesQuota({ memory: memory / 1024 })
          .start(),
      );
      const client = new Redis(server.getConnectionUrl());
      await client.ping();
      return { ready, stop: () => client.quit().then(() => server.stop()) };
    };
  },
  async rabbitmq() {
    const { RabbitMQContainer } = await import('@testcontainers/rabbitmq');
    const { connect } = await import('amqplib');
    return async (memory) => {
      const { server, ready } = await timed(() =>
        new RabbitMQContainer(image('rabbitmq', 'rabbitmq:4-management'))
          .withResourcesQuota({ memory: memory / 1024 })
          .start(),
      );
      const client = await connect(server.getAmqpUrl());
      const channel = await client.createChannel();
      await channel.assertQueue('first');
      return { ready, stop: () => client.close().then(() => server.stop()) };
    };
  },
  async s3() {
    const { GenericContainer } = await import('testcontainers');
    const { Client } = await import('minio');
    const [accessKey, secretKey] = ['someuser', 'somepassword'];
    return async (memory) => {
      const { server, ready } = await timed(() =>
        new GenericContainer(image('s3', 'minio/minio:RELEASE.2025-09-07T16-13-09Z'))
          .withExposedPorts(9000)
          .withEnvironment({ MINIO_ROOT_USER: accessKey, MINIO_ROOT_PASSWORD: secretKey })
          .withCommand(['server', '/data'])
          .withResourcesQuota({ memory: memory / 1024 })
          .start(),
      );
      const [endPoint, port] = [server.getHost(), server.getMappedPort(9000)];
      const client = new Client({ endPoint, port, useSSL: false, accessKey, secretKey });
      await client.makeBucket('bucket');
      await client.putObject('bucket', 'first', 'x');
      return { ready, stop: () => server.stop() };
    };
  },
};

function image(kit: string, official: string): string {
  return process.env[`SEAMKIT_${kit.toUpperCase()}_IMAGE`] ?? official;
}

async function main([who, kit]: string[]): Promise<void> {
  const start = await (who === 'kit' ? kits : testcontainers)[kit!]!();
  let memory = 2_048;
  const tell = async (query: number, { ready }: Started) =>
    process.stdout.write(`${query} ${await ready()}\n`);
  const first = await start(memory);
  await tell(performance.now(), first);
  process.stdin.setEncoding('utf8');
  for await (const _ of process.stdin) {
    const begin = performance.now();
    const started = await start(++memory);
    await tell(performance.now() - begin, started);
    await started.stop();
    process.stdout.write('stopped\n');
  }
  await first.stop();
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
