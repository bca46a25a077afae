import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Requests } from '../dist/requests';

test('a request on kept connections that the server has closed is made again', async () => {
  // Each connection serves once, and ends with its second request.
  const used = new WeakSet<Socket>();
  const server = createServer(({ socket }, response) => {
    if (used.has(socket)) return void socket.destroy();
    used.add(socket);
    response.end('hello');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const access = { endpoint, accessKey: 'key', secretKey: 'secret', region: 'us-east-1' };
  const requests = new Requests(access);
  try {
    await Promise.all([1, 2, 3].map(() => requests.ask('GET', {})));
    expect(await requests.ask('GET', {})).toMatchObject({ status: 200, body: 'hello' });
  } finally {
    requests.close();
    server.close();
  }
});
