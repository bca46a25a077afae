import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from '@seamkit/core';
import { postgres } from '@seamkit/postgres';
import { redis } from '@seamkit/redis';
import { describeUnless } from '@seamkit/test-run';
import { containersOf, containerWorkspace, isOurs, noContainers, slimImage } from './engine';

/** Why not here. Network namespaces are root's to make; the slim copies are made of our own images. */
function cannotRun(): string | undefined {
  if (process.platform !== 'linux' || process.getuid!() !== 0) {
    return 'a network namespace needs Linux and root';
  }
  return isOurs(process.env.SEAMKIT_REDIS_IMAGE) ? undefined : 'no images of test-images/build.sh';
}

jest.setTimeout(300_000);

const title = 'an engine on another machine, by tcp';
describeUnless(cannotRun() ?? noContainers(), 'container')(title, suite);

function suite(): void {
  containerWorkspace();

  const here = { ...process.env };
  const folder = mkdtempSync(join(tmpdir(), 'seamkit-engine-'));
  const net = `10.213.${randomInt(256)}`;
  const engine = (verb: string) =>
    execFileSync(join(__dirname, '../engine.sh'), [verb], {
      env: { ...here, SEAMKIT_ENGINE: join(folder, 'e'), SEAMKIT_ENGINE_NET: net },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  beforeAll(() => {
    const images = {
      SEAMKIT_REDIS_IMAGE: slimImage('redis', here.SEAMKIT_REDIS_IMAGE!),
      SEAMKIT_POSTGRES_IMAGE: slimImage('postgres', here.SEAMKIT_POSTGRES_IMAGE!),
    };
    const lines = engine('start').matchAll(/^export (\w+)=(.*)$/gm);
    Object.assign(process.env, images, Object.fromEntries([...lines].map(([, ...pair]) => pair)));
    execFileSync(
      'sh',
      [
        '-c',
        'docker save "$@" | docker -H "$0" load',
        process.env.DOCKER_HOST!,
        ...Object.values(images),
      ],
      {
        env: here,
      },
    );
  });
  afterAll(() => {
    engine('stop');
    rmSync(folder, { recursive: true });
    for (const name of Object.keys(process.env)) if (!(name in here)) delete process.env[name];
    Object.assign(process.env, here);
  });

  test('urls carry its host, and its ports can be reached from here', async () => {
    await using env = await open({ cache: redis(), db: postgres() });
    expect(await env.cache.client.ping()).toBe('PONG');
    expect(await env.db.query('select 1 as one')).toEqual([{ one: 1 }]);
    for (const { url } of [env.cache, env.db]) expect(new URL(url).hostname).toBe(`${net}.2`);
    expect(await containersOf('redis')).toHaveLength(1);
  });
}
