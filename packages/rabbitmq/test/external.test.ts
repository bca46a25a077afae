import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Driver, open, type RuntimeName } from '@seamkit/core';
import { driverOn, openServer } from '@seamkit/core/inspect';
import { rabbitmq } from '@seamkit/rabbitmq';
import { Management } from '../dist/management';

let own: Awaited<ReturnType<typeof openServer>>;
let stranger: Server;
let strangersPort: number;
const sockets: Socket[] = [];

beforeAll(async () => {
  // The server that this workspace's other test files are on, too: nothing of theirs may be swept.
  own = await openServer(rabbitmq({ runtime: 'process', version: process.env.RABBITMQ_VERSION }));
  stranger = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {}).end('HTTP/1.1 200 OK\r\n\r\nhello');
  });
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  strangersPort = (stranger.address() as { port: number }).port;
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => stranger.close(resolve));
  await own.close();
});

/** The server's url with some parts changed. */
function url(change: (url: URL) => void): string {
  const changed = new URL(own.endpoint.url);
  change(changed);
  return changed.href;
}

const start = (url: string, managementUrl?: string) =>
  open({ mq: rabbitmq({ url, managementUrl, runtime: 'external' }) });

test('credentials that the server refuses', async () => {
  const wrong = url((it) => {
    it.password = 'wrong';
  });
  await expect(start(wrong)).rejects.toMatchObject({
    code: 'PERMISSION_MISSING',
    hint: expect.anything(),
  });
});

test('a port where nobody listens', async () => {
  const nobody = url((it) => it.searchParams.set('management', '1'));
  await expect(start(nobody)).rejects.toMatchObject({
    code: 'SERVER_UNREACHABLE',
    hint: expect.stringContaining('managementUrl'),
  });
});

test('a server that is something else', async () => {
  const other = url((it) => it.searchParams.set('management', String(strangersPort)));
  await expect(start(other)).rejects.toMatchObject({ code: 'SERVER_MISMATCH' });
  const management = new URL(
    `http://127.0.0.1:${new URL(own.endpoint.url).searchParams.get('management')}`,
  );
  const amqp = url((it) => {
    it.port = String(strangersPort);
    it.search = '';
  });
  await expect(start(amqp, management.href)).rejects.toMatchObject({ code: 'SERVER_MISMATCH' });
});

test('a management API that could be anybody’s is not connected to', async () => {
  const attempt = start(own.endpoint.url, 'https://broker.example.com');
  await expect(attempt).rejects.toMatchObject({
    code: 'HOST_REFUSED',
    hint: expect.stringContaining('broker.example.com'),
  });
});

test('a user who may not make vhosts', async () => {
  const { username, password, searchParams } = new URL(own.endpoint.url);
  const user = 'plain_user';
  const call = (method: string, body?: object) =>
    fetch(`http://127.0.0.1:${searchParams.get('management')}/api/users/${user}`, {
      method,
      headers: { authorization: `Basic ${btoa(`${username}:${password}`)}` },
      body: body && JSON.stringify(body),
    });
  await call('PUT', { password: 'secret', tags: 'management' });
  try {
    const plain = url((it) => {
      it.username = user;
      it.password = 'secret';
    });
    await expect(start(plain)).rejects.toMatchObject({
      code: 'PERMISSION_MISSING',
      hint: `rabbitmqctl set_user_tags ${user} administrator`,
    });
  } finally {
    await call('DELETE');
  }
});

test('what several remove at once is gone for all of them', async () => {
  const { username, password, searchParams } = new URL(own.endpoint.url);
  const management = `127.0.0.1:${searchParams.get('management')}`;
  const api = new Management(`http://${username}:${password}@${management}`);
  try {
    for (let round = 0; round < 30; round++) {
      await api.put('/users/removed', { password: 'secret', tags: '' });
      await Promise.all([1, 2, 3].map(() => api.remove('/users/removed')));
    }
  } finally {
    api.close();
  }
});

describe('sweep', () => {
  const owner = (name: string) => ({ name: `seamkit_${name}_s1`, index: 1, owner: name });
  const drivers: Driver<any, any, any>[] = [];

  /** A run on some machine; as its own server's keeper's, where the runtime is not external. */
  async function run(name: string, runtime: RuntimeName = 'external') {
    const { url } = own.endpoint;
    const driver = await driverOn(rabbitmq({ url }), { url }, { owner: name, runtime });
    drivers.push(driver);
    return driver;
  }

  async function call(method: string, path: string, body?: object): Promise<any> {
    const { username, password, searchParams } = new URL(own.endpoint.url);
    const response = await fetch(`http://127.0.0.1:${searchParams.get('management')}/api/${path}`, {
      method,
      headers: { authorization: `Basic ${btoa(`${username}:${password}`)}` },
      body: body && JSON.stringify(body),
    });
    if (response.status >= 400) return undefined;
    const text = await response.text();
    return text ? JSON.parse(text) : {};
  }
  const lease = (name: string) => call('GET', `queues/seamkit_lease/seamkit_${name}`);

  afterEach(async () => {
    for (const driver of drivers.splice(0)) await driver.close();
    for (const name of ['dead', 'living', 'lost', 'home']) {
      await call('DELETE', `queues/seamkit_lease/seamkit_${name}`);
      await call('DELETE', `vhosts/seamkit_${name}_s1`);
      await call('DELETE', `users/seamkit_${name}_s1`);
    }
  });

  test('removes what the dead left after their time, and nothing else', async () => {
    const lookAlikes = [
      { vhost: 'seamkit_dead_s9', tags: 'seamkit' },
      { vhost: 'seamkit_dead_s1_copy', tags: 'seamkit' },
      { vhost: 'dead', tags: 'seamkit' },
    ];
    for (const { vhost, tags } of lookAlikes) {
      await call('PUT', `vhosts/${vhost}`, { tags });
      await call('PUT', `permissions/${vhost}/seamkit`, {
        ...{ configure: '.*', write: '.*', read: '.*' },
      });
      await call('PUT', `queues/${vhost}/precious`, { durable: true });
    }
    await call('PUT', 'users/seamkit_dead_s9', { password: 'x', tags: 'policymaker,seamkit' });
    const [dead, living, sweeper] = [await run('dead'), await run('living'), await run('other')];
    for (const [driver, name] of [
      [dead, 'dead'],
      [living, 'living'],
    ] as const) {
      await driver.create(owner(name), await driver.template(owner(name)));
    }
    await dead.close();
    expect(await sweeper.sweep!()).toEqual([]);
    expect((await lease('dead')).arguments).toEqual({ 'x-expires': 60_000 });

    // The time is the server's to count; the test shortens it for all.
    await call('PUT', 'policies/seamkit_lease/soon', {
      ...{ pattern: '^seamkit_(dead|living)$', 'apply-to': 'queues', definition: { expires: 50 } },
    });
    await until(async () => !(await lease('dead')), 'the lease to run out');
    expect(await sweeper.sweep!()).toEqual(['vhost seamkit_dead_s1', 'user seamkit_dead_s1']);
    expect(await lease('living')).toBeTruthy();
    expect(await call('GET', 'vhosts/seamkit_living_s1')).toBeTruthy();
    for (const { vhost } of lookAlikes) {
      expect(await call('GET', `queues/${vhost}/precious`)).toBeTruthy();
      await call('DELETE', `vhosts/${vhost}`);
    }
    expect(await call('GET', 'users/seamkit_dead_s9')).toBeTruthy();
    await call('DELETE', 'users/seamkit_dead_s9');
    await call('DELETE', 'policies/seamkit_lease/soon');
  });

  test('what somebody else made under a name that was ours stays', async () => {
    const [dead, sweeper] = [await run('dead'), await run('other')];
    const id = owner('dead');
    await dead.create(id, await dead.template(id));
    await call('DELETE', `vhosts/${id.name}`);
    await call('DELETE', `users/${id.name}`);
    await call('PUT', `vhosts/${id.name}`, { tags: 'seamkit' });
    await call('PUT', `users/${id.name}`, { password: 'x', tags: 'policymaker,seamkit' });
    expect(await sweeper.sweep!('dead')).toEqual([]);
    expect(await call('GET', `vhosts/${id.name}`)).toBeTruthy();
    expect(await call('GET', `users/${id.name}`)).toBeTruthy();
  });

  test("the sandboxes of the server's own keeper stay, though they hold no lease", async () => {
    const [home, sweeper] = [await run('home', 'process'), await run('other')];
    const sandbox = await home.create(owner('home'), await home.template(owner('home')));
    expect(await sweeper.sweep!()).not.toContain('vhost seamkit_home_s1');
    expect(await sweeper.sweep!('home')).toEqual([]);
    expect(await call('GET', 'vhosts/seamkit_home_s1')).toBeTruthy();
    expect(await call('GET', 'users/seamkit_home_s1')).toBeTruthy();
    await home.destroy(sandbox);
  });

  test('a run whose connection was lost goes on living', async () => {
    await run('lost');
    /** Whose connection holds the lease, as far as the server's statistics have come. */
    const holder = async (): Promise<string | undefined> => {
      const { consumer_details: consumers = [] } = (await lease('lost')) ?? {};
      return consumers.length === 1 ? consumers[0].channel_details?.connection_name : undefined;
    };
    let before: string | undefined;
    await until(async () => {
      before = await holder();
      return before !== undefined;
    }, 'the lease to be listed');
    await call('DELETE', `connections/${encodeURIComponent(before!)}`);
    await until(async () => {
      const now = await holder();
      return now !== undefined && now !== before;
    }, 'the lease to be taken again');
  });
});

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 60_000; // statistics alone come every 5 s
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited 60 s for ${what}`);
    await delay(50);
  }
}
