import type { Boundary, Endpoint, RuntimeName } from '../contract';
import { ensureServer, type ServerBoundary } from './ensure-server';
import { KeeperConnection } from './keeper-connection';

/** A server that is kept running until `close`. */
export interface OpenServer {
  endpoint: Endpoint;
  runtime: RuntimeName;
  close(): Promise<void>;
}

/**
 * The server under a boundary, without a sandbox on it.
 * @throws SeamkitError whatever keeps it from starting
 */
export async function openServer(boundary: Boundary<any>): Promise<OpenServer> {
  const keeper = new KeeperConnection();
  try {
    const { endpoint, runtime } = await ensureServer(
      boundary as ServerBoundary,
      keeper,
      boundary.kit.name,
    );
    return { endpoint, runtime, close: () => keeper.close() };
  } catch (error) {
    await keeper.close();
    throw error;
  }
}
