import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An app on a port of its own, until the test's end. */
export async function listening(app: RequestListener): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
