import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Management } from '../dist/management';

test('a call on kept connections that the server has closed is made again', async () => {
  // Each connection serves once, and ends with its second request.
  const used = new WeakSet<Socket>();
  const server = createServer(({ socket }, response) => {
    if (used.has(socket)) return void socket.destroy();
    used.add(socket);
    response.end('{"it":"works"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api = new Management(`http://a:b@127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    await Promise.all([1, 2, 3].map((call) => api.get(`/${call}`)));
    expect(await api.get('/4')).toEqual({ it: 'works' });
  } finally {
    api.close();
    server.close();
  }
});
