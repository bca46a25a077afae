import { setTimeout as delay } from 'node:timers/promises';
import { open } from '@seamkit/core';
import { memcached } from '@seamkit/memcached';
import { nats } from '@seamkit/nats';
import { postgres } from '@seamkit/postgres';
import { rabbitmq } from '@seamkit/rabbitmq';
import { redis } from '@seamkit/redis';
import { s3 } from '@seamkit/s3';
import { describeUnless } from '@seamkit/test-run';
import {
  containersOf,
  containerWorkspace,
  docker,
  isOurs,
  noContainers,
  slimImage,
} from './engine';
import { Registry } from './registry';

const startTimeout = 10_000;

jest.setTimeout(300_000);

describeUnless(noContainers(), 'container')('images from a registry', () => {
  containerWorkspace();

  const images = Object.entries(process.env).filter(([name]) => /^SEAMKIT_\w+_IMAGE$/.test(name));
  let source: string;
  let registry: Registry;
  let image: string;

  beforeAll(async () => {
    const full = process.env.SEAMKIT_REDIS_IMAGE ?? 'redis:8';
    source = isOurs(full) ? slimImage('redis', full) : full;
    if (source === full) docker('pull', full);
    for (const [name] of images) delete process.env[name];
    registry = await Registry.start('8');
    registry.offer(source);
    image = `${registry.host}/redis:8`;
  });
  afterAll(async () => {
    for (const [name, value] of images) process.env[name] = value;
    await registry?.stop();
    docker('rmi', '--force', image);
  });

  const failure = (work: Promise<unknown>) =>
    work.then(
      () => {
        throw new Error('it started');
      },
      (error) => error,
    );

  test('an image that is missing is pulled, shown, on time of its own', async () => {
    const lines: string[] = [];
    const write = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
      lines.push(String(text));
      return true;
    });
    // Longer than a server may take to start.
    registry.held = delay(startTimeout + 500);
    try {
      await using env = await open({
        it: redis({ startTimeout, container: { registry: registry.host } }),
      });
      expect(await env.it.client.ping()).toBe('PONG');
    } finally {
      write.mockRestore();
    }
    const [container] = await containersOf('redis');
    expect(container.Config.Image).toBe(image);
    expect(lines).toContain(`seamkit redis: pulling ${image}\n`);
    expect(lines.filter((line) => /: \d+(\.\d+)? of \d+(\.\d+)? MB\n$/.test(line))).not.toEqual([]);
  });

  test('a tag that there is not: which, and what to do', async () => {
    const error = await failure(
      open({ it: redis({ version: '99.9', container: { registry: registry.host } }) }),
    );
    expect(error).toMatchObject({ code: 'DOWNLOAD_FAILED' });
    expect(error.message).toContain(`${registry.host}/redis:99.9 cannot be pulled`);
    expect(error.hint).toContain('the image and its tag exist');
  });

  test('a registry that does not answer', async () => {
    const gone = await Registry.start('8');
    const { host } = gone;
    await gone.stop();
    const error = await failure(open({ it: redis({ container: { registry: host } }) }));
    expect(error).toMatchObject({
      code: 'DOWNLOAD_FAILED',
      hint: expect.stringContaining(`docker pull ${host}/redis:8`),
    });
  });

  test('a download that breaks off is told, though the engine reports it in its stream', async () => {
    const broken = await Registry.start('8');
    try {
      broken.offer(source);
      broken.lose();
      const error = await failure(open({ it: redis({ container: { registry: broken.host } }) }));
      expect(error).toMatchObject({ code: 'DOWNLOAD_FAILED' });
    } finally {
      await broken.stop();
    }
  });

  test.each([
    ['redis', redis, {}, 'redis:8'],
    ['redis', redis, { version: '7.2' }, 'redis:7.2'],
    ['redis', redis, { engine: 'valkey', version: '8.1' }, 'valkey/valkey:8.1'],
    ['postgres', postgres, {}, 'postgres:17'],
    ['postgres', postgres, { version: '16.4' }, 'postgres:16.4'],
    ['postgres', postgres, { image: 'postgis/postgis:17-3.5' }, 'postgis/postgis:17-3.5'],
    ['rabbitmq', rabbitmq, {}, 'rabbitmq:4-management'],
    ['rabbitmq', rabbitmq, { version: '3.13' }, 'rabbitmq:3.13-management'],
    ['nats', nats, {}, 'nats:2'],
    ['memcached', memcached, { version: '1.6.39' }, 'memcached:1.6.39'],
    ['s3', s3, { image: 'minio/minio:edge' }, 'minio/minio:edge'],
  ])('%s: version and image name the tag: %#', async (_kit, make: any, options, wanted) => {
    const empty = await Registry.start('none');
    try {
      const error = await failure(
        open({ it: make({ ...options, container: { registry: empty.host } }) }),
      );
      expect(error).toMatchObject({ code: 'DOWNLOAD_FAILED' });
      expect(empty.asked).toContain(wanted);
    } finally {
      await empty.stop();
    }
  });

  test('an image that names its registry is pulled from that one', async () => {
    const error = await failure(
      open({ it: redis({ image: '127.0.0.1:9/mine:1', container: { registry: registry.host } }) }),
    );
    expect(error.message).toContain('127.0.0.1:9/mine:1 cannot be pulled');
  });

  test('the registry that Testcontainers knows counts too', async () => {
    process.env.TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX = `${registry.host}/`;
    try {
      const error = await failure(open({ it: redis({ version: '98.7' }) }));
      expect(error.message).toContain(`${registry.host}/redis:98.7 cannot be pulled`);
    } finally {
      delete process.env.TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX;
    }
  });
});
