import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ComposeOptions, compose } from '@seamkit/compose';
import { open, type SeamkitError } from '@seamkit/core';
import { belongings, keeperStatus, leftovers } from '@seamkit/core/inspect';
import { redis } from '@seamkit/redis';
import { getContainerRuntimeClient } from 'testcontainers';
import { describeWithEngine, fixture, until } from './engine';

// Compose starts a stack in 2 s, and in many more where others use the processors.
jest.setTimeout(180_000);

const image = `image: '\${SEAMKIT_REDIS_IMAGE:-redis:8}'`;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-compose-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function stackOf(services: string, options?: ComposeOptions) {
  const file = join(folder, 'docker-compose.yml');
  writeFileSync(file, `services:\n${services}`);
  return compose(file, options);
}

async function failure(boundaries: Parameters<typeof open>[0]): Promise<SeamkitError> {
  const opened = await open(boundaries).then(
    (env) => env,
    (error: SeamkitError) => error,
  );
  if (opened instanceof Error) return opened;
  await opened.close();
  throw new Error('it opened');
}

describeWithEngine('a start that fails', () => {
  test('a service that ends is named with its last lines, and nothing is left of the others', async () => {
    const stack = stackOf(`  good: { ${image} }
  broken: { ${image}, entrypoint: ['sh', '-c', 'echo no such table; exit 3'] }\n`);
    const error = await failure({ stack });
    expect(error.code).toBe('START_FAILED');
    expect(error.summary).toBe("compose: service 'broken' ended with exit code 3");
    expect(error.log).toEqual(['broken | no such table']);
    const owned = belongings(process.env.SEAMKIT_WORKSPACE!);
    expect(owned.map(({ kind }) => kind)).toEqual(['folder']);
  });

  test('a service that is not ready in time tells its last lines', async () => {
    const stack = stackOf(
      `  quick: { ${image} }
  slow: { ${image}, entrypoint: ['sh', '-c', 'echo waiting for godot; exec sleep 60'], expose: [80] }\n`,
      { startTimeout: 15_000 }, // Compose itself takes most of it on a busy machine
    );
    const error = await failure({ stack });
    expect(error.code).toBe('START_TIMEOUT');
    expect(error.log).toContain('slow | waiting for godot');
  });

  test('an unhealthy service ends the start', async () => {
    const check = `healthcheck: { test: ['CMD', 'false'], interval: 0.3s, retries: 1 }`;
    const error = await failure({ stack: stackOf(`  ill: { ${image}, ${check} }\n`) });
    expect(error.summary).toBe("compose: service 'ill' is unhealthy");
  });

  test('what Compose says of a file is shown', async () => {
    const error = await failure({ stack: stackOf(`  one: { ${image}, prots: ['80:80'] }\n`) });
    expect(error.code).toBe('START_FAILED');
    expect(error.log!.join()).toMatch(/prots/);
  });

  test("the host's network is refused", async () => {
    const error = await failure({ stack: stackOf(`  one: { ${image}, network_mode: host }\n`) });
    expect(error.code).toBe('UNSUPPORTED');
    expect(error.hint).toMatch(/network_mode/);
  });

  test('a service that the options leave out is missed by name', async () => {
    const services = `  one: { ${image} }\n  two: { ${image}, profiles: [debug] }\n`;
    const error = await failure({ two: stackOf(services).service('two') });
    expect(error.code).toBe('OPTION_INVALID');
    expect(error.summary).toMatch(/does not run a service 'two'/);
    const adopted = await failure({ two: stackOf(services).service('two', redis()) });
    expect(adopted.code).toBe('OPTION_INVALID');
    expect(adopted.hint).toBe('use one of: one');
  });

  test("a service without the kit's port is refused by its ports", async () => {
    const stack = compose(fixture('nothing.yml'));
    const error = await failure({ cache: stack.service('nothing', redis()) });
    expect(error.code).toBe('OPTION_INVALID');
    expect(error.summary).toBe('service nothing does not publish port 6379');
  });

  test('without Compose it says what to install', async () => {
    process.env.SEAMKIT_COMPOSE_BIN = '/nowhere';
    const error = await failure({ stack: stackOf(`  another: { ${image} }\n`) });
    delete process.env.SEAMKIT_COMPOSE_BIN;
    expect(error.code).toBe('BINARY_NOT_FOUND');
    expect(error.hint).toMatch(/docs\.docker\.com\/compose\/install/);
  });
});

describeWithEngine('a service that dies', () => {
  test('takes its stack along, and the next test gets another', async () => {
    const stack = stackOf(`  cache: { ${image} }\n`);
    await using env = await open({
      cache: stack.service('cache', redis()),
      plain: stack.service('cache'),
    });
    const port = env.plain.port();
    const owned = belongings(process.env.SEAMKIT_WORKSPACE!);
    const [container] = (await leftovers(owned)).filter((what) => what.startsWith('container '));
    const { dockerode } = (await getContainerRuntimeClient()).container;
    await dockerode.getContainer(container!.split(' ')[1]!).kill();
    const status = () => keeperStatus(process.env.SEAMKIT_WORKSPACE!);
    await until(
      async () => (await status())!.servers.every(({ state }) => state === 'ended'),
      'the keeper to notice',
    );

    await env.reset();

    expect(env.plain.port()).not.toBe(port);
    await env.cache.client.set('key', 'on the new one');
    expect(await env.cache.keys()).toEqual(['key']);
  });
});
