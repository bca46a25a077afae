import type { SandboxContext } from '@seamkit/core';
import type { Redis } from 'ioredis';
import { type Client, describe, kill, parseClients, unfinished } from './clients';
import type { ReadyClient } from './members';

/** What tests leave behind on the side of the clients: ended where it would act later, and named. */
export class Leftovers {
  /** The newest client at the last reset. Before the first one nobody has left anything. */
  private newest = Number.POSITIVE_INFINITY;
  /** The kit's client as hooks left it: subscribed, say. */
  private readyThen: Client | undefined;

  constructor(
    private readonly warn: SandboxContext['warn'],
    /** The driver's connection, by its name. */
    private readonly name: string,
    private readonly ready: ReadyClient,
    /** The sandbox's database; undefined: all of them. */
    private readonly database: number | undefined,
  ) {}

  /** Reads a `CLIENT LIST`: who is connected belongs to the file, and stays. */
  stay(list: string): void {
    const clients = parseClients(list);
    this.newest = newestOf(clients);
    this.readyThen = clients.find(({ name }) => name === this.ready.name);
  }

  /**
   * Reads a `CLIENT LIST`. Resolves to whether clients were cut off that may have written since it
   * was made.
   */
  async clear(line: Redis, list: string): Promise<boolean> {
    const clients = parseClients(list);
    const replaced = this.checkReady(clients.find(({ name }) => name === this.ready.name));
    const left = await this.stillThere(
      line,
      clients.filter((client) => this.isLeft(client)),
    );
    this.newest = newestOf(clients);
    const open = left.filter(({ flags }) => flags.includes('x'));
    for (const client of left) {
      const at = open.includes(client)
        ? 'in MULTI; its connection is closed'
        : `${unfinished(client)}; it acts on later tests too`;
      this.warn(`the test left the client ${describe(client)} ${at}`);
    }
    await kill(line, open);
    return replaced || open.length > 0;
  }

  /** Whether the test left it so: in a transaction, or connected by the test and not done. */
  private isLeft(client: Client): boolean {
    if (client.name === this.name || client.name === this.ready.name) return false;
    if ((this.database ?? client.database) !== client.database) return false;
    // Workers and subscribers of the application may live as long as it does: named once, not ended.
    return client.flags.includes('x') || (client.id > this.newest && !!unfinished(client));
  }

  /** Those that the server still has: a test's last line may have closed them a moment ago. */
  private async stillThere(line: Redis, clients: readonly Client[]): Promise<readonly Client[]> {
    if (clients.length === 0) return clients;
    const now = parseClients((await line.client('LIST')) as string);
    return clients.filter(({ id }) => now.some((client) => client.id === id));
  }

  /** Whether the kit's client was left in a state that the next test could not use. */
  private checkReady(client: Client | undefined): boolean {
    const home = this.database ?? 0;
    if (!client || (client.database === home && !/[xdbPO]/.test(client.flags))) return false;
    const { id, flags, database } = this.readyThen ?? {};
    const asThen = client.id === id && client.flags === flags && client.database === database;
    if (asThen && !client.flags.includes('x')) return false;
    this.ready.replace();
    const at = client.flags.includes('x')
      ? 'in MULTI'
      : (unfinished(client) ??
        (client.database === home ? 'in WATCH' : `in database ${client.database}`));
    this.warn(`the test left the kit's client ${at}; the next test gets a new one`);
    return true;
  }
}

function newestOf(clients: readonly Client[]): number {
  return Math.max(...clients.map(({ id }) => id));
}
