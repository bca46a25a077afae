import type { SandboxContext } from '@seamkit/core';
import type { Redis } from 'ioredis';
import { type Client, describe, kill, parseClients, unfinished } from './clients';
import type { ReadyClient } from './members';

/** What tests leave behind on the side of the clients: ended where it would act later, and named. */
export class Leftovers {
  /**
   * The newest client at the end of the test before. The first reset cannot tell what the test
   * connected from what its hooks did.
   */
  private newest = Number.POSITIVE_INFINITY;

  constructor(
    private readonly warn: SandboxContext['warn'],
    /** The driver's connection, by its name. */
    private readonly name: string,
    private readonly ready: ReadyClient,
    /** The sandbox's database; undefined: all of them. */
    private readonly database: number | undefined,
  ) {}

  /**
   * Reads a `CLIENT LIST`. Resolves to whether a watched key was touched, and whether clients were
   * cut off that may have written since the list was made.
   */
  async clear(line: Redis, list: string): Promise<{ touched: boolean; cut: boolean }> {
    const clients = parseClients(list);
    const newest = this.newest;
    this.newest = Math.max(...clients.map(({ id }) => id));
    const replaced = this.checkReady(clients.find(({ name }) => name === this.ready.name));
    const others = clients.filter(
      ({ name, database }) =>
        name !== this.name && name !== this.ready.name && (this.database ?? database) === database,
    );
    const open = others.filter(({ flags }) => flags.includes('x'));
    for (const client of open) {
      this.warn(`the test left the client ${describe(client)} in MULTI; its connection is closed`);
    }
    for (const client of others) {
      const at = unfinished(client);
      // Workers and subscribers of the application may live as long as it does: named once, not ended.
      if (client.id > newest && at) {
        this.warn(`the test left the client ${describe(client)} ${at}; it acts on later tests too`);
      }
    }
    await kill(line, open);
    const own = clients.find(({ name }) => name === this.name);
    return { touched: own?.flags.includes('d') ?? true, cut: replaced || open.length > 0 };
  }

  /** Whether the kit's client was left in a state that the next test could not use. */
  private checkReady(client: Client | undefined): boolean {
    const home = this.database ?? 0;
    if (!client || (client.database === home && !/[xdbPO]/.test(client.flags))) return false;
    this.ready.replace();
    const at = client.flags.includes('x')
      ? 'in MULTI'
      : (unfinished(client) ??
        (client.database === home ? 'in WATCH' : `in database ${client.database}`));
    this.warn(`the test left the kit's client ${at}; the next test gets a new one`);
    return true;
  }
}
