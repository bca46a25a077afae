import { arch } from 'node:os';
import { open } from '@seamkit/core';
import { memcached } from '@seamkit/memcached';
import { nats } from '@seamkit/nats';
import { postgres } from '@seamkit/postgres';
import { rabbitmq } from '@seamkit/rabbitmq';
import { redis } from '@seamkit/redis';
import { s3 } from '@seamkit/s3';
import { describeUnless } from '@seamkit/test-run';
import { containersOf, containerWorkspace, noContainers } from './engine';

const platform = `linux/${{ x64: 'amd64' }[arch() as string] ?? arch()}`;

// The first to ask for them pulls the official images.
jest.setTimeout(300_000);

describeUnless(noContainers(), 'container')('containers as the engine sees them', () => {
  containerWorkspace();

  test('all kits at once: loopback only, data in memory, no password in a command', async () => {
    await using env = await open({
      postgres: postgres(),
      redis: redis(),
      rabbitmq: rabbitmq(),
      s3: s3(),
      nats: nats(),
      memcached: memcached(),
    });
    expect(await env.postgres.query('select 1 as one')).toEqual([{ one: 1 }]);
    const dataFolder = {
      postgres: '/seamkit',
      redis: '/data',
      rabbitmq: '/var/lib/rabbitmq/mnesia',
      s3: '/data',
      nats: '/data',
      memcached: undefined, // it has none
    };
    for (const [kit, folder] of Object.entries(dataFolder)) {
      const [container, ...others] = await containersOf(kit);
      expect(others).toEqual([]);
      const { Config, HostConfig, NetworkSettings } = container;
      const bindings = Object.values<any>(NetworkSettings.Ports).flatMap((port) => port ?? []);
      expect(bindings.length).toBeGreaterThan(0);
      expect(bindings.filter(({ HostIp }: any) => HostIp !== '127.0.0.1')).toEqual([]);
      expect(Object.keys(HostConfig.Tmpfs ?? {})).toEqual(folder ? [folder] : []);
      const { url } = env[kit as keyof typeof env] as { url: string };
      expect(new URL(url).hostname).toBe('127.0.0.1');
      const { password } = new URL(url);
      if (password) expect([Config.Cmd, container.Args].flat().join(' ')).not.toContain(password);
    }
  });

  test('limits and platform reach the engine; each set of them is a server of its own', async () => {
    const container = { memory: '600m', cpus: 0.5, platform };
    await using first = await open({ it: redis({ container }) });
    await using same = await open({ it: redis({ container: { ...container } }) });
    await using other = await open({ it: redis({ container: { ...container, cpus: 1 } }) });
    const port = ({ it }: { it: { url: string } }) => new URL(it.url).port;
    expect(port(same)).toBe(port(first));
    expect(port(other)).not.toBe(port(first));
    const limits = (await containersOf('redis')).map(({ HostConfig }) => [
      HostConfig.Memory,
      HostConfig.NanoCpus,
    ]);
    expect(limits).toContainEqual([600 * 1024 ** 2, 500_000_000]);
    expect(limits).toContainEqual([600 * 1024 ** 2, 1_000_000_000]);
  });

  test('a platform that the image is not made for', async () => {
    const error = await open({ it: redis({ container: { platform: 'linux/s390x' } }) }).catch(
      (error) => error,
    );
    expect(error.code).toBe('DOWNLOAD_FAILED');
  });

  test.each([
    [{ memory: 512 }],
    [{ memory: '512' }],
    [{ memory: '1m' }],
    [{ cpus: 0 }],
    [{ cpus: '1' }],
    [{ platform: 'amd64' }],
    [{ registry: 'https://mirror.example.com' }],
    [{ registry: 'mirror' }],
    [{ volumes: [] }],
    [7],
  ])('refused: %j', (container: any) => {
    for (const make of [postgres, redis, rabbitmq, s3, nats, memcached]) {
      expect(() => make({ container })).toThrow(
        expect.objectContaining({
          code: 'OPTION_INVALID',
          hint: expect.stringContaining('memory (at least 6 MB'),
        }),
      );
    }
  });

  test('s3: an image that is not MinIO’s needs its port', () => {
    expect(() => s3({ container: { command: ['serve'] } })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});
