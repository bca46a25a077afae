import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as plainRequest } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { open } from '@seamkit/core';
import { type HttpOptions, http } from '@seamkit/http';

const untouched = { connect: Socket.prototype.connect, context: tls.createSecureContext };

const opened: { close(): Promise<void> }[] = [];

/** As a runner would: opened, and verified after the test. */
async function sandbox(options: HttpOptions) {
  const { kit } = http(options);
  if (kit.kind === 'server') throw new Error('not a local kit');
  const box = await kit.open(options, {} as never);
  opened.push(box);
  return { stub: box.members, verify: async () => box.verify!({}), close: () => box.close() };
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((box) => box.close()));
  expect(Socket.prototype.connect).toBe(untouched.connect);
  expect(tls.createSecureContext).toBe(untouched.context);
});

test('another host is refused, and the test fails by its name', async () => {
  const box = await sandbox({});
  const refused = {
    code: 'EXPECTATION_FAILED',
    summary: 'no connection to api.example:443 from a test',
  };
  await expect(fetch('https://api.example/v1')).rejects.toMatchObject({ cause: refused });
  const socket = connect(5432, '192.0.2.1');
  const [error] = await once(socket, 'error');
  expect(error).toMatchObject({ code: 'EXPECTATION_FAILED' });
  await expect(box.verify()).rejects.toThrow(
    /connected to api\.example:443, .*\n.*connected to 192\.0\.2\.1:5432,/,
  );
  await box.close();
});

test('allowed hosts are left alone', async () => {
  // .invalid never resolves: the system's own error shows that the connection was let through.
  const real = { cause: { code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) } };
  const named = await sandbox({ allowNetwork: ['db.invalid'] });
  await expect(fetch('http://db.invalid/')).rejects.toMatchObject(real);
  await expect(fetch('http://other.invalid/')).rejects.toMatchObject({
    cause: { code: 'EXPECTATION_FAILED' },
  });
  await named.close();
  const all = await sandbox({ allowNetwork: true });
  await expect(fetch('http://other.invalid/')).rejects.toMatchObject(real);
  await all.verify();
  await all.close();
});

test("other kits' external servers and a remote engine are allowed", async () => {
  process.env.SEAMKIT_POSTGRES_URL = 'postgres://user@db.invalid:5432/app';
  try {
    const box = await sandbox({});
    const [error] = await once(connect(5432, 'db.invalid'), 'error');
    expect(error.code).toMatch(/ENOTFOUND|EAI_AGAIN/);
    await box.verify();
    await box.close();
  } finally {
    delete process.env.SEAMKIT_POSTGRES_URL;
  }
});

test('loopback and unix sockets are left alone', async () => {
  await using env = await open({ api: http() });
  const folder = mkdtempSync(join(tmpdir(), 'seamkit-http-'));
  const server = createServer((_, response) => response.end('real'));
  const onUnix = createTcpServer((socket) => socket.end('unix'));
  try {
    server.listen(0, '127.0.0.1');
    onUnix.listen(join(folder, 'socket'));
    await Promise.all([once(server, 'listening'), once(onUnix, 'listening')]);
    const { port } = server.address() as AddressInfo;
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('real');
    expect(await (await fetch(`http://localhost:${port}`)).text()).toBe('real');
    for (const unix of [
      connect(join(folder, 'socket')),
      connect({ path: join(folder, 'socket') }),
    ]) {
      const [data] = await once(unix, 'data');
      expect(String(data)).toBe('unix');
    }
  } finally {
    server.closeAllConnections();
    server.close();
    onUnix.close();
    rmSync(folder, { recursive: true });
  }
  expect(env.api.calls()).toEqual([]);
});

test('every way to call connect is understood', async () => {
  await using env = await open({ api: http({ origins: ['http://api.example:8080'] }) });
  env.api.get('/').reply(200, 'stub');
  const ways = [
    () => connect(8080, 'api.example'),
    () => connect({ port: 8080, host: 'API.example.', family: 6, autoSelectFamily: true }),
    () => new Socket().connect(8080, 'api.example'),
    () => new Socket().connect({ port: 8080, host: 'api.example' }, () => {}),
  ];
  for (const way of ways) {
    const socket = way();
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\nhost: api.example:8080\r\n\r\n');
    const [data] = await once(socket, 'data');
    expect(String(data)).toContain('stub');
    socket.destroy();
  }
  expect(env.api.calls().map(({ url }) => url)).toEqual(Array(4).fill('http://api.example:8080/'));
});

test('several sandboxes: each has its origins, and one may end before the other', async () => {
  const stripe = await open({ api: http({ origins: ['https://api.stripe.com'] }) });
  const mail = await open({ api: http({ origins: ['https://api.mail.example'] }) });
  stripe.api.get('/').reply(200, 'stripe');
  mail.api.get('/').reply(200, 'mail');
  const get = async (url: string) => (await fetch(url)).text();
  expect(await get('https://api.stripe.com')).toBe('stripe');
  expect(await get('https://api.mail.example')).toBe('mail');
  await stripe.close();
  expect(await get('https://api.mail.example')).toBe('mail');
  await expect(get('https://api.stripe.com')).rejects.toMatchObject({
    cause: { code: 'EXPECTATION_FAILED' },
  });
  await mail.close();
});

test('of two sandboxes with one origin the newer has it, until it is closed', async () => {
  await using outer = await open({ api: http({ origins: ['http://api.example'] }) });
  outer.api.get('/').reply(200, 'outer');
  const inner = await open({ api: http({ origins: ['http://api.example'] }) });
  inner.api.get('/').reply(200, 'inner');
  const get = () =>
    new Promise<string>((resolve, reject) => {
      const outgoing = plainRequest('http://api.example/', { agent: false }, (response) => {
        response.once('data', (data) => resolve(String(data)));
      });
      outgoing.once('error', reject).end();
    });
  expect(await get()).toBe('inner');
  await inner.close();
  expect(await get()).toBe('outer');
});

test('certificates: ours is trusted for our origins, and others are judged as ever', async () => {
  await using env = await open({ api: http({ origins: ['https://api.example'], tls: true }) });
  env.api.get('/').reply(200, 'stub');
  expect(await (await fetch('https://api.example')).text()).toBe('stub');
  expect(await (await fetch(env.api.url)).text()).toBe('stub');
  expect(env.api.url).toMatch(/^https:/);

  const prepared = tls.connect({
    port: Number(new URL(env.api.url).port),
    host: '127.0.0.1',
    secureContext: tls.createSecureContext({}),
  });
  await once(prepared, 'secureConnect');
  expect(prepared.authorized).toBe(true);
  prepared.destroy();

  // Another authority's certificate for a loopback server: as refused as without us.
  const foreign = await open({ api: http({ tls: true }) });
  const { url } = foreign.api;
  const stranger = tls.connect({
    port: Number(new URL(url).port),
    host: '127.0.0.1',
    ca: [env.api.ca!],
  });
  await once(stranger, 'secureConnect');
  stranger.destroy();
  await foreign.close();
});

test('a failing open leaves nothing behind', async () => {
  const prepare = () => {
    throw new Error('broken on purpose');
  };
  await expect(open({ api: http({ origins: ['https://api.example'], prepare }) })).rejects.toThrow(
    'broken on purpose',
  );
});

test('a prepare that never ends is cut off', async () => {
  const prepare = () => new Promise<void>(() => {});
  await expect(open({ api: http({ prepare, prepareTimeout: 50 }) })).rejects.toMatchObject({
    code: 'PREPARE_TIMEOUT',
  });
});

test.each(['https://api.example', 'http://api.example'])(
  'a client whose pool outlives a sandbox finds the next one: %s',
  async (origin) => {
    for (let round = 0; round < 5; round++) {
      await using env = await open({ api: http({ origins: [origin] }) });
      env.api.post('/charges').reply(201, `round ${round}`);
      const answer = await fetch(`${origin}/charges`, { method: 'POST', body: 'not idempotent' });
      expect(await answer.text()).toBe(`round ${round}`);
    }
  },
);
