import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { Driver, RuntimeName } from '@seamkit/core';
import { driverOn, type OpenServer } from '@seamkit/core/inspect';
import { type RedisMembers, type RedisOptions, redis } from '@seamkit/redis';
import { Redis } from 'ioredis';
import { startBare } from './bare';

const servers: OpenServer[] = [];
const drivers: Driver<RedisMembers, any, any>[] = [];
const clients: Redis[] = [];

async function start(lines: string[], args?: string[]): Promise<string> {
  const server = await startBare(lines, args);
  servers.push(server);
  return server.endpoint.url;
}

function connect(url: string): Redis {
  const client = new Redis(url);
  clients.push(client);
  return client;
}

/**
 * A driver as core would make it on some machine; on that of the server's own keeper, where the
 * runtime is not external.
 */
async function driver(
  url: string,
  owner: string,
  options: RedisOptions = {},
  runtime: RuntimeName = 'external',
) {
  const made = await driverOn(redis(options), { url, databases: 16 }, { owner, runtime });
  drivers.push(made);
  return made;
}

const id = (owner: string, index: number) => ({ name: `seamkit_${owner}_s${index}`, index, owner });
const empty = { place: null };

/** Numbers of the databases that hold anything. */
async function used(client: Redis): Promise<number[]> {
  return [...(await client.info('keyspace')).matchAll(/^db(\d+):/gm)].map(([, n]) => Number(n));
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  for (const made of drivers.splice(0)) await made.close();
  for (const server of servers.splice(0)) await server.close();
});

describe('on a server that belongs to somebody else', () => {
  let url: string;
  let admin: Redis;

  beforeEach(async () => {
    url = await start([]); // 16 databases, as it comes
    admin = connect(url);
    // Databases in use, some with keys that look like ours.
    for (const number of [0, 3, 14, 15]) {
      await admin.select(number);
      await admin.set(`seamkit_dead_s${number}`, 'precious');
      await admin.set('seamkit:owner:dead', 'precious');
      await admin.hset('seamkit:claim', '5', 'dead seamkit_dead_s5');
    }
    await admin.select(0);
  });

  /** What was planted, as it is now. */
  async function planted(): Promise<unknown[]> {
    const found: unknown[] = [];
    for (const number of [0, 3, 14, 15]) {
      await admin.select(number);
      for (const key of (await admin.keys('*')).sort()) {
        found.push([number, key, await admin.dumpBuffer(key), await admin.pttl(key)]);
      }
    }
    await admin.select(0);
    return found;
  }

  test('used databases are never touched, and nothing stays', async () => {
    const before = await planted();
    const options: RedisOptions = {
      prepare: async (place) => void (await connect(place).set('key', 'value', 'EX', 100)),
    };
    const made = await driver(url, 'mine', options);
    const template = await made.template(id('mine', 1));
    const place = await made.create(id('mine', 2), template);
    const sandbox = await made.open(place, template);
    expect([0, 3, 14, 15]).not.toContain(Number(new URL(sandbox.members.url).pathname.slice(1)));
    expect(await sandbox.members.client.get('key')).toBe('value');
    await sandbox.members.client.flushdb();
    await sandbox.reset({});
    expect(await sandbox.members.keys()).toEqual(['key']);
    await sandbox.close();
    expect(await made.sweep!()).toEqual([]);
    await made.destroy(place);
    await made.destroy(place);
    await made.destroyTemplate(template);
    expect(await planted()).toEqual(before);
    expect(await used(admin)).toEqual([0, 3, 14, 15]);
  });

  test('machines that claim at once get different databases', async () => {
    const [one, two] = await Promise.all([driver(url, 'one'), driver(url, 'two')]);
    const places = await Promise.all(
      [1, 2, 3, 4, 5].flatMap((index) => [
        one!.create(id('one', index), empty),
        two!.create(id('two', index), empty),
      ]),
    );
    const numbers = places.map(({ database }) => database);
    expect(new Set(numbers).size).toBe(10);
    for (const number of [0, 3, 14, 15]) expect(numbers).not.toContain(number);
  });

  test('when all are in use the error says what to do', async () => {
    const made = await driver(url, 'mine');
    // 16 less the four in use and the registry.
    for (let index = 1; index <= 11; index++) await made.create(id('mine', index), empty);
    await expect(made.create(id('mine', 12), empty)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringContaining('databases'),
    });
  });

  test('sweep frees what dead owners had, and nothing else', async () => {
    const before = await planted();
    const dead = await driver(url, 'dead');
    const alive = await driver(url, 'alive');
    const connected = await driver(url, 'connected');
    const of = async (made: typeof dead, owner: string) => {
      const place = await made.create(id(owner, 1), empty);
      await admin.select(place.database);
      await admin.set('key', owner);
      return place.database as number;
    };
    const [lost, kept, paused] = [
      await of(dead, 'dead'),
      await of(alive, 'alive'),
      await of(connected, 'connected'),
    ];
    await dead.close();
    await alive.close(); // between two test files: no connections, but a lease
    await until(async () => !/seamkit-driver-(dead|alive)/.test(await list()));
    const registry = Number(
      (await used(admin)).find((number) => ![0, 3, 14, 15, lost, kept, paused].includes(number)),
    );
    await admin.select(registry);
    expect(await admin.pttl('seamkit:owner:dead')).toBeGreaterThan(0);
    // The leases of two run out; one of them is still connected, as in a debugger.
    await admin.del('seamkit:owner:dead', 'seamkit:owner:connected');

    const sweeper = await driver(url, 'sweep');
    expect(await sweeper.sweep!()).toEqual([`seamkit_dead_s1 (database ${lost})`]);
    expect(await sweeper.sweep!()).toEqual([]);
    expect(await used(admin)).not.toContain(lost);
    expect(await used(admin)).toEqual(expect.arrayContaining([kept, paused]));
    expect(await sweeper.sweep!('alive')).toEqual([`seamkit_alive_s1 (database ${kept})`]);
    expect(await used(admin)).not.toContain(kept);
    expect(await used(admin)).toContain(paused);
    expect(await planted()).toEqual(before);
  });

  test('what a file’s hooks wrote takes no database of its own, and goes with its sandbox', async () => {
    const [gone, dead] = await Promise.all([driver(url, 'gone'), driver(url, 'dead')]);
    const places = [];
    for (const [owner, made] of Object.entries({ gone, dead })) {
      const place = await made.create(id(owner, 1), empty);
      const sandbox = await made.open(place, empty);
      const { client } = sandbox.members;
      await client.set('seed', owner);
      expect(await sandbox.setBaseline!()).toBe(true);
      expect(await sandbox.setBaseline!()).toBe(false);
      await client.flushdb();
      await sandbox.reset({});
      expect(await client.get('seed')).toBe(owner);
      await sandbox.close();
      places.push(place);
    }
    const numbers = places.map(({ database }) => database);
    const others = (await used(admin)).filter((number) => ![0, 3, 14, 15].includes(number));
    expect(others).toEqual(expect.arrayContaining(numbers));
    expect(others).toHaveLength(3); // and the registry
    await gone.destroy(places[0]!);
    await dead.close();
    await (await driver(url, 'sweep')).sweep!('dead');
    expect(await used(admin)).toEqual([0, 3, 14, 15]);
  });

  test("the databases of the server's own keeper stay, though nobody is connected", async () => {
    const home = await driver(url, 'home', {}, 'process');
    const place = await home.create(id('home', 1), empty);
    await admin.select(place.database);
    await admin.set('key', 'of the living');
    await home.close();
    const sweeper = await driver(url, 'sweep');
    const mine = await sweeper.create(id('sweep', 1), empty); // now there is a registry to sweep by
    expect(mine.database).not.toBe(place.database);
    expect(await sweeper.sweep!()).toEqual([]);
    expect(await sweeper.sweep!('home')).toEqual([]);
    expect(await admin.get('key')).toBe('of the living');
  });

  test('a database whose lease was lost is not used any more', async () => {
    const made = await driver(url, 'slow');
    const place = await made.create(id('slow', 1), empty);
    const sandbox = await made.open(place, empty);
    const registry = (await used(admin)).find((number) => ![0, 3, 14, 15].includes(number))!;
    await admin.select(registry);
    await admin.hset('seamkit:claims', place.database, 'other seamkit_other_s1');
    await admin.select(place.database);
    await admin.set('key', 'of the other');
    await expect(sandbox.reset({})).rejects.toMatchObject({ code: 'STATE_INVALID' });
    await expect(made.open(place, empty)).rejects.toMatchObject({ code: 'STATE_INVALID' });
    await made.destroy(place);
    expect(await admin.get('key')).toBe('of the other');
    await sandbox.close();
  });

  test('a server that saves does not hide a write', async () => {
    const options: RedisOptions = {
      prepare: async (place) => void (await connect(place).set('key', 'value')),
    };
    const made = await driver(url, 'mine', options);
    const template = await made.template(id('mine', 1));
    const sandbox = await made.open(await made.create(id('mine', 2), template), template);
    await sandbox.reset({});
    await admin.set('more', 'changes'); // so that there is a count to come back to
    await sandbox.reset({});
    const changes = async () =>
      Number(/changes_since_last_save:(\d+)/.exec(await admin.info('persistence'))![1]);
    const before = await changes();
    await admin.save(); // the count begins at 0 again
    const { client } = sandbox.members;
    while ((await changes()) < before) await client.append('key', '!');
    await sandbox.reset({});
    expect(await client.get('key')).toBe('value');
    await sandbox.close();
  });

  test('an external server cannot be exclusive', async () => {
    await expect(driver(url, 'mine', { exclusive: true })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringContaining("runtime: 'process'"),
    });
  });

  async function list(): Promise<string> {
    return (await admin.client('LIST')) as string;
  }
});

describe('a user with fewer rights', () => {
  const lines = [
    'requirepass admin',
    'user plain on >plain ~* &* +@all -config',
    'user poor on >poor ~* &* +@connection +get +set +info',
  ];

  test('no CONFIG: the databases are counted by trying', async () => {
    const url = (await start([...lines, 'databases 5'])).replace('//', '//plain:plain@');
    const made = await driver(url, 'mine');
    for (let index = 1; index <= 3; index++) await made.create(id('mine', index), empty);
    await expect(made.create(id('mine', 4), empty)).rejects.toThrow(/of its 5, all are in use/);
  });

  test.each([
    ['a user who may not', 'poor:poor@'],
    ['a wrong password', 'plain:wrong@'],
    ['no password', ''],
  ])('%s: PERMISSION_MISSING', async (_, credentials) => {
    const url = (await start(lines)).replace('//', `//${credentials}`);
    const attempt = driver(url, 'mine').then((made) => made.create(id('mine', 1), empty));
    await expect(attempt).rejects.toMatchObject({
      code: 'PERMISSION_MISSING',
      hint: expect.stringContaining('+@all'),
    });
  });
});

test('the least rights that the hint names are enough', async () => {
  const refused = await start(['requirepass admin', 'user poor on >poor ~* &* +@connection']);
  const poor = driver(refused.replace('//', '//poor:poor@'), 'mine').then((made) =>
    made.create(id('mine', 1), empty),
  );
  const { hint } = await poor.catch((error) => error);
  const rights = /the least is (.*)$/.exec(hint)![1];
  const lines = ['requirepass admin', `user least on >least ~* &* ${rights}`];
  const url = (await start(lines)).replace('//', '//least:least@');
  const options: RedisOptions = {
    prepare: async (place) => void (await connect(place).set('key', 'value', 'EX', 100)),
  };
  const made = await driver(url, 'mine', options);
  const template = await made.template(id('mine', 1));
  const place = await made.create(id('mine', 2), template);
  const sandbox = await made.open(place, template);
  const { client } = sandbox.members;
  await client.set('seed', 'a');
  expect(await sandbox.setBaseline!()).toBe(true);
  await client.flushdb();
  await sandbox.reset({});
  expect(await sandbox.members.keys()).toEqual(['key', 'seed']);
  await sandbox.members.advance(100_000);
  expect(await sandbox.members.keys()).toEqual(['seed']);
  await sandbox.close();
  await made.sweep!('mine');
});

describe('what is not a server for tests', () => {
  test('a cluster', async () => {
    const url = await start(['cluster-enabled yes']);
    await expect(driver(url, 'mine')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      summary: expect.stringContaining('cluster'),
      hint: expect.stringContaining('cluster-enabled'),
    });
  });

  test('a replica', async () => {
    const url = await start(['replicaof 127.0.0.1 1']);
    await expect(driver(url, 'mine')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringContaining('primary'),
    });
  });

  test('a sentinel', async () => {
    const url = await start([], ['--sentinel']);
    await expect(driver(url, 'mine')).rejects.toMatchObject({ code: 'SERVER_MISMATCH' });
  });

  test('TLS where there is none', async () => {
    const url = (await start([])).replace('redis:', 'rediss:');
    await expect(driver(url, 'mine')).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      hint: expect.stringContaining('rediss:'),
    });
  });

  test('a web server', async () => {
    await listening(
      createHttpServer((_, response) => response.end('hello')),
      async (port) => {
        const attempt = driver(`redis://127.0.0.1:${port}`, 'mine');
        await expect(attempt).rejects.toMatchObject({ code: 'SERVER_MISMATCH' });
      },
    );
  });

  test('a server that hangs up', async () => {
    await listening(
      createServer((socket) => socket.resume().end()),
      async (port) => {
        const attempt = driver(`redis://127.0.0.1:${port}`, 'mine');
        await expect(attempt).rejects.toMatchObject({ code: 'SERVER_MISMATCH' });
      },
    );
  });

  test('nobody', async () => {
    // Not a port that was free a moment ago: somebody else may be given it.
    await expect(driver('redis://127.0.0.1:1', 'mine')).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      hint: expect.stringContaining('redis-cli'),
    });
  });
});

async function listening(server: Server, work: (port: number) => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work((server.address() as AddressInfo).port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) if (Date.now() > deadline) throw new Error('waited 20 s');
}
