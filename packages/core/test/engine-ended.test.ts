import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { containerContext } from '../dist/runtime/container';
import { ServerStart } from '../dist/runtime/server-start';
import { Ledger } from '../dist/system/ledger';

// An engine that ends in a moment that is too short to be met by chance, so it is played here:
// what of Testcontainers the container runtime uses, with an engine that ends when it is told to.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-engine-'));
  const library = join(folder, 'node_modules/testcontainers');
  mkdirSync(library, { recursive: true });
  writeFileSync(
    join(library, 'index.js'),
    `exports.ImageName = { fromString: (string) => ({ string }) };
     exports.getContainerRuntimeClient = async () => exports.client;`,
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Part {
  exists?: () => Promise<boolean>;
  start?: () => Promise<unknown>;
  wait?: () => Promise<unknown>;
  inspect?: () => Promise<unknown>;
}

/** A start on a played engine; `end` ends that. */
function played({ exists = async () => true, start: begin, wait, inspect }: Part) {
  const events = new PassThrough();
  let ended = false;
  const dockerode = {
    getEvents: async () => events,
    ping: async () => {
      if (ended) throw new Error('connect ECONNREFUSED');
    },
    getContainer: () => ({ wait, inspect }),
  };
  const library = require(join(folder, 'node_modules/testcontainers'));
  library.client = {
    info: { containerRuntime: { host: 'localhost' } },
    image: { exists },
    container: { dockerode },
  };
  const start = new ServerStart('shelf', 30_000, () => {});
  const context = containerContext(start, {
    asker: { path: '', from: folder, env: {} },
    ledger: new Ledger(join(folder, 'ledger')),
    owner: '0wner',
    module: join(folder, 'server.js'),
    options: {},
  });
  const container: any = { getId: () => 'id', start: begin };
  for (const name of ['Labels', 'StartupTimeout', 'LogConsumer', 'AutoCleanup']) {
    container[`with${name}`] = () => container;
  }
  const end = () => {
    ended = true;
    events.destroy();
  };
  return { start, end, run: () => context.start('shelf:1', () => container) };
}

const never = () => new Promise<never>(() => {});
const engineEnded = {
  code: 'START_FAILED',
  summary: expect.stringContaining('the container engine does not answer any more'),
  hint: expect.stringContaining('start it again'),
};

test('an engine that ends while a container starts is named, though nothing rejects', async () => {
  let starting!: () => void;
  const reached = new Promise<void>((resolve) => {
    starting = resolve;
  });
  const begin = () => {
    starting();
    return never();
  };
  const { start, end, run } = played({ start: begin });
  void run();
  await reached;
  end();
  await expect(start.failed).rejects.toMatchObject(engineEnded);
  await start.release();
});

test.each(['exists', 'start'])(
  'an engine that ends during a call (%s) is named, not what the call failed with',
  async (call) => {
    const engine = played({
      [call]: async () => {
        engine.end();
        throw new Error('socket hang up');
      },
    });
    await expect(engine.run()).rejects.toMatchObject(engineEnded);
    await engine.start.release();
  },
);

test('an engine that answers, though its stream of events was closed, goes on', async () => {
  const { start, run } = played({ start: async () => ({ getId: () => 'id' }), wait: never });
  await run();
  const { client } = require(join(folder, 'node_modules/testcontainers'));
  (await client.container.dockerode.getEvents()).destroy();
  const ended = jest.fn();
  start.ended.then(ended);
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).not.toHaveBeenCalled();
  await start.release();
});

test.each([
  [{ OOMKilled: true }, 64 * 1024 ** 2, /needed more than its limit of 64 MB/, /memory: '2g'/],
  [{ OOMKilled: true }, 0, /needed more than what its engine has/, /engine's machine more memory/],
  [{ OOMKilled: false }, 64 * 1024 ** 2, /most likely .* its limit of 64 MB/, /memory: '2g'/],
  [{ OOMKilled: false }, 0, /exit code 137: it was killed, most likely/, /dmesg/],
])('a container that was killed: %j with a limit of %d', async (State, Memory, how, hint) => {
  const { start, run } = played({
    start: async () => ({ getId: () => 'id' }),
    wait: async () => ({ StatusCode: 137 }),
    inspect: async () => ({ State, HostConfig: { Memory } }),
  });
  await run();
  const ending = await start.ended;
  expect(ending.how).toMatch(how);
  expect(ending.hint).toMatch(hint);
  await start.release();
});
