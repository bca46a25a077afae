import { createServer, type Server, type Socket } from 'node:net';
import { open } from '@seamkit/core';
import { openServer } from '@seamkit/core/inspect';
import { rabbitmq } from '@seamkit/rabbitmq';

let own: Awaited<ReturnType<typeof openServer>>;
let stranger: Server;
let strangersPort: number;
const sockets: Socket[] = [];

beforeAll(async () => {
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
