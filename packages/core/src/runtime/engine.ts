import { createServer, isIP } from 'node:net';
import type { Engine } from '../contract-stack';
import { SeamkitError } from '../errors';

/**
 * The engine that Testcontainers finds; `library` is the path of Testcontainers.
 * @throws SeamkitError `RUNTIME_UNAVAILABLE`
 */
export async function connectEngine(library: string): Promise<Engine> {
  const { getContainerRuntimeClient } = require(library);
  const client = await getContainerRuntimeClient().catch((error: unknown) => {
    throw SeamkitError.wrap(error, 'RUNTIME_UNAVAILABLE', 'no container engine answers', {
      hint: 'start Docker, or set DOCKER_HOST; or run without containers: SEAMKIT_RUNTIME=process',
    });
  });
  const { containerRuntime } = client.info;
  const local = await isThisMachine(containerRuntime.host);
  if (local) {
    // One address for everybody: `localhost` may be ::1 first, and inside a container Testcontainers
    // takes the bridge's address, though the engine may run in that same container.
    containerRuntime.host = '127.0.0.1';
    containerRuntime.hostIps = [{ address: '127.0.0.1', family: 4 }];
  }
  return { client, local };
}

/** By binding to it: a bridge that no container is on yet is in no list of interfaces that are up. */
async function isThisMachine(host: string): Promise<boolean> {
  if (host === 'localhost' || host.startsWith('127.') || host === '::1') return true;
  if (!isIP(host)) return false;
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port: 0 }, () => server.close(() => resolve(true)));
  });
}
