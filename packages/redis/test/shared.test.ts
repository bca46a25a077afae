import { open, use } from '@seamkit/core';
import { redis } from '@seamkit/redis';
import { Redis } from 'ioredis';

const env = use({ cache: redis(), other: redis({ key: 'another sandbox' }) });

let warnings: string[];
const opened: Redis[] = [];

/** A client of the service under test: it reports its errors itself. */
function connect(): Redis {
  const client = new Redis(env.cache.url, { retryStrategy: null, disconnectTimeout: 50 });
  client.on('error', () => {});
  opened.push(client);
  return client;
}

beforeEach(() => {
  warnings = [];
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    warnings.push(String(text));
    return true;
  });
});

afterAll(() => {
  jest.restoreAllMocks();
  for (const client of opened) client.disconnect();
});

describe('one server, many databases', () => {
  test('two boundaries of a file have a database each', async () => {
    expect(env.cache.url).not.toBe(env.other.url);
    await env.cache.client.set('key', 'here');
    expect(await env.other.keys()).toEqual([]);
  });

  test('connection has the parts of the url, as ioredis takes them', async () => {
    await using own = await open({ mine: redis({ key: 'parts', exclusive: true }) });
    for (const { url, connection } of [env.cache, own.mine]) {
      const [byUrl, byParts] = [new Redis(url), new Redis(connection)];
      expect(await byParts.client('INFO')).toMatch(` db=${connection.db} `);
      expect(byParts.options).toMatchObject({
        host: byUrl.options.host,
        port: byUrl.options.port,
        username: byUrl.options.username,
        password: byUrl.options.password,
        db: byUrl.options.db,
      });
      for (const client of [byUrl, byParts]) client.disconnect();
    }
  });

  test('keys() takes a pattern and sorts', async () => {
    await env.cache.client.mset({ 'b:2': '', 'a:1': '', 'b:1': '' });
    expect(await env.cache.keys('b:*')).toEqual(['b:1', 'b:2']);
    expect(await env.cache.keys()).toEqual(['a:1', 'b:1', 'b:2']);
  });

  test.each([
    ['FLUSHALL'],
    ['SWAPDB', '1', '2'],
    ['CONFIG', 'SET', 'maxmemory', '1'],
    ['ACL', 'SETUSER', 'shared', 'allcommands'],
    ['FUNCTION', 'FLUSH'],
    ['SCRIPT', 'FLUSH'],
    ['SHUTDOWN', 'NOSAVE'],
    ['REPLICAOF', '127.0.0.1', '1'],
    ['CLIENT', 'PAUSE', '1000'],
    ['MOVE', 'key', '2'],
  ])('%s %s is refused, since it would reach the neighbours', async (command, ...args) => {
    await expect(env.cache.client.call(command, ...args)).rejects.toThrow(/NOPERM/);
  });

  test('FLUSHALL in a script is refused too', async () => {
    const { client } = env.cache;
    await expect(client.eval("return redis.call('FLUSHALL')", 0)).rejects.toThrow(
      /NOPERM|ACL|can't run this command/,
    );
  });
});

describe('what a test leaves behind', () => {
  test('a client in MULTI, and another in WATCH: the transaction is ended', async () => {
    const client = connect();
    await client.call('MULTI');
    await client.call('SET', 'key', 'later');
    await connect().watch('key');
    await env.cache.reset();
    await expect(client.call('EXEC')).rejects.toThrow();
    expect(await env.cache.keys()).toEqual([]);
  });

  test.each<[string, () => Promise<unknown>]>([
    [
      'a consumer that waits',
      () => {
        const client = connect();
        client.blpop('queue', 0).catch(() => {});
        return until(async () => isBlocked(client, await list()));
      },
    ],
    ['a subscriber', () => connect().subscribe('news')],
    [
      'the kit’s own client in a transaction',
      async () => {
        await env.cache.client.call('MULTI');
        await env.cache.client.call('SET', 'key', 'by the kit’s client');
      },
    ],
    ['the kit’s own client in another database', () => env.cache.client.select(3)],
  ])('%s: the kit’s client is as new', async (_what, leave) => {
    await leave();
    await env.cache.reset();
    await expect(env.cache.client.get('key')).resolves.toBeNull();
    await env.cache.client.set('key', 'home');
    expect(await env.cache.keys()).toEqual(['key']);
  });
});

describe('its warnings', () => {
  let printed: string[];

  async function warned(leave: () => Promise<unknown>): Promise<string> {
    await using own = await open({ mine: redis({ key: 'warnings' }) });
    url = own.mine.url;
    kit = () => own.mine.client;
    await own.setBaseline();
    printed = [];
    await leave();
    warnings = printed;
    await own.reset();
    const text = printed.join('');
    printed = [];
    await own.reset(); // named once
    expect(printed).toEqual([]);
    return text;
  }
  let url: string;
  let kit: () => Redis;
  const client = () => {
    const made = new Redis(url, {
      retryStrategy: null,
      disconnectTimeout: 50,
      connectionName: 'service',
    });
    made.on('error', () => {});
    opened.push(made);
    return made;
  };

  test('MULTI', async () => {
    const text = await warned(async () => {
      await client().call('MULTI');
    });
    expect(text).toMatch(/mine: the test left the client 127.*"service" in MULTI; its connection/);
  });

  test('a consumer', async () => {
    const text = await warned(async () => {
      const consumer = client();
      consumer.blpop('queue', 0).catch(() => {});
      await until(async () => isBlocked(consumer, await list()));
    });
    expect(text).toMatch(/"service" blocked in BLPOP; it acts on later tests too/);
  });

  test('a subscriber', async () => {
    const text = await warned(() => client().subscribe('news'));
    expect(text).toMatch(/"service" subscribed; it acts on later tests too/);
  });

  test('the kit’s client', async () => {
    const text = await warned(() => kit().call('MULTI'));
    expect(text).toMatch(/the test left the kit's client in MULTI; the next test gets a new one/);
  });

  test('nothing', async () => {
    expect(await warned(() => client().set('key', 'value'))).toBe('');
  });
});

/** By its own address: the list has the clients of every file on this server. */
function isBlocked({ stream }: Redis, clients: string): boolean {
  const address = `${stream.localAddress}:${stream.localPort}`;
  return clients
    .split('\n')
    .some((line) => line.includes(` addr=${address} `) && / flags=\w*b/.test(line));
}

async function list(): Promise<string> {
  return (await env.cache.client.client('LIST')) as string;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) if (Date.now() > deadline) throw new Error('waited 20 s');
}
