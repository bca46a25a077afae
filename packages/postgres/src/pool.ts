import { setImmediate } from 'node:timers/promises';
import { Pool, type PoolClient } from 'pg';

const connections = 10;

/** A client of the pool, with what pg does not tell about it. */
type Tracked = PoolClient & {
  /** The server's process behind it. */
  processID?: number | null;
  connection: { stream: { destroy(): void } };
};

/**
 * The pool that a test gets. It outlives what is done to its connections: those that a reset ends
 * are taken out of it, also when the test never gave them back.
 */
export class SandboxPool extends Pool {
  private readonly living = new Map<Tracked, Promise<unknown>>();
  private readonly out = new Set<Tracked>();

  constructor(url: string) {
    super({ connectionString: url, max: connections, allowExitOnIdle: true });
    this.on('error', () => {}); // an idle client was ended: the pool has removed it
    this.on('connect', (poolClient) => {
      const client = poolClient as Tracked;
      client.on('error', () => {});
      this.living.set(client, new Promise((resolve) => client.once('end', resolve)));
    });
    this.on('acquire', (client) => this.out.add(client as Tracked));
    this.on('release', (_, client) => this.out.delete(client as Tracked));
    this.on('remove', (client) => this.living.delete(client as Tracked));
  }

  /** Whether the server's process serves a client of the pool that nobody uses now. */
  isResting(pid: number): boolean {
    return [...this.living.keys()].some(
      (client) => client.processID === pid && !this.out.has(client),
    );
  }

  /** Once their sessions were ended by the server: no query meets those clients any more. */
  async forget(pids?: ReadonlySet<number>): Promise<void> {
    const ended = [...this.living.keys()].filter(
      ({ processID }) => !pids || pids.has(processID ?? 0),
    );
    await Promise.all(ended.map((client) => this.partWith(client)));
  }

  /** Ends all clients, given back or not. Idempotent. */
  async close(): Promise<void> {
    if (this.ending) return;
    const ended = this.end();
    for (const client of this.out) client.connection.stream.destroy();
    await Promise.all([...this.out].map((client) => this.partWith(client)));
    await ended;
  }

  private async partWith(client: Tracked): Promise<void> {
    await this.living.get(client);
    await setImmediate(); // who waited for an answer gives the client back first
    if (!this.out.has(client)) return;
    client.release(true);
    client.release = () => {}; // the test may still do it
  }
}
