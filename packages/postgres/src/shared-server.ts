import { type Endpoint, type SandboxContext, SeamkitError } from '@seamkit/core';
import type { Client } from 'pg';
import { connectToSandbox } from './connection';
import { Databases } from './databases';
import { type OwnConnection, OwnConnections } from './own-connections';

/** Of this process, by url and owner. */
const joined = new Map<string, Promise<SharedServer>>();

/** What all drivers of a process have together on one server: few connections, whatever they hold. */
export class SharedServer {
  private users = 0;
  private readonly connections = new OwnConnections();

  private constructor(
    readonly databases: Databases,
    private readonly forget: () => void,
  ) {}

  /** @throws SeamkitError as `Databases.connect` does */
  static async join({ url, maxConnections }: Endpoint, context: SandboxContext) {
    const key = `${context.owner} ${context.runtime} ${url}`;
    const forget = () => joined.delete(key);
    const connect = async () => {
      const databases = await Databases.connect(url, context, forget).catch((error) => {
        throw named(error, maxConnections && `its max_connections is ${maxConnections}`);
      });
      return new SharedServer(databases, forget);
    };
    if (!joined.has(key)) joined.set(key, connect());
    const server = await joined.get(key)!.catch((error) => {
      forget();
      throw error;
    });
    server.users++;
    return server;
  }

  /** The kit's own connection to a sandbox. */
  connectionTo(name: string): OwnConnection {
    return this.connections.to(() => this.connect(name));
  }

  async leave(): Promise<void> {
    if (--this.users > 0) return;
    this.forget();
    await this.databases.end();
  }

  private async connect(name: string): Promise<Client> {
    const { databases } = this;
    try {
      return await connectToSandbox(databases.urlOf(name), databases);
    } catch (error) {
      throw named(error, await databases.usage().catch(() => undefined));
    }
  }
}

/** With how the limit was reached, where one was. */
function named(error: unknown, how: unknown): unknown {
  if (!(error instanceof SeamkitError && error.code === 'LIMIT_REACHED') || !how) return error;
  const { summary, hint, cause } = error;
  return new SeamkitError('LIMIT_REACHED', `${summary}: ${how}`, { hint, cause });
}
