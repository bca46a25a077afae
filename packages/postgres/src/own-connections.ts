import type { Client } from 'pg';

/** The connections to sandboxes that one process has open at once on one server, for resets. */
const most = 5;

/**
 * Connections of the kit's own to its sandboxes: opened when one is needed, ended when others are
 * needed more. So a process with a thousand sandboxes leaves the server's connections to its tests.
 */
export class OwnConnections {
  private open = 0;
  /** Least recently used first. */
  private readonly idle = new Set<OwnConnection>();
  private readonly waiting: (() => void)[] = [];

  to(connect: () => Promise<Client>): OwnConnection {
    return new OwnConnection(this, connect);
  }

  /** Resolves once one more may be opened. */
  async claim(): Promise<void> {
    while (this.open >= most) {
      const [oldest] = this.idle;
      if (oldest) await oldest.end();
      else await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.open++;
  }

  closed(): void {
    this.open--;
    this.waiting.shift()?.();
  }

  rests(connection: OwnConnection): void {
    this.idle.add(connection);
    this.waiting.shift()?.();
  }

  works(connection: OwnConnection): void {
    this.idle.delete(connection);
  }
}

/** One sandbox's. Its calls are made one at a time. */
export class OwnConnection {
  private client: Client | undefined;

  constructor(
    private readonly all: OwnConnections,
    private readonly connect: () => Promise<Client>,
  ) {}

  /** One that the server has ended stays so: whoever uses it hears of that. */
  async use<R>(work: (client: Client) => Promise<R>): Promise<R> {
    if (this.client) this.all.works(this);
    else await this.begin();
    try {
      return await work(this.client!);
    } finally {
      this.all.rests(this);
    }
  }

  /** Not while it is used. Idempotent. */
  async end(): Promise<void> {
    const { client } = this;
    if (!client) return;
    this.client = undefined;
    this.all.works(this);
    await client.end().catch(() => {});
    this.all.closed();
  }

  private async begin(): Promise<void> {
    await this.all.claim();
    try {
      this.client = await this.connect();
    } catch (error) {
      this.all.closed();
      throw error;
    }
  }
}
