import { type Endpoint, type SandboxContext, SeamkitError } from '@seamkit/core';
import type { Client } from 'pg';
import { connectToSandbox } from './connection';
import { Databases } from './databases';
import { type OwnConnection, OwnConnections } from './own-connections';

interface Joined {
  server: Promise<SharedServer>;
  users: number;
}

/** Of this process, by owner and url. */
const joined = new Map<string, Joined>();

/** What all drivers of a process have together on one server: few connections, whatever they hold. */
export class SharedServer {
  private readonly connections = new OwnConnections();

  private constructor(
    readonly databases: Databases,
    /** Once for each `join`. */
    readonly leave: () => Promise<void>,
  ) {}

  /** @throws SeamkitError as `Databases.connect` does */
  static async join({ url, maxConnections }: Endpoint, context: SandboxContext) {
    const key = `${context.owner} ${context.runtime} ${url}`;
    const connect = async () => {
      const databases = await Databases.connect(url, context, forget).catch((error) => {
        throw named(error, maxConnections && `its max_connections is ${maxConnections}`);
      });
      const leave = async () => {
        if (--own.users > 0) return;
        forget();
        await databases.end();
      };
      return new SharedServer(databases, leave);
    };
    const forget = () => {
      if (joined.get(key) === own) joined.delete(key); // else another has taken its place
    };
    const own = joined.get(key) ?? { server: connect(), users: 0 };
    joined.set(key, own);
    own.users++;
    own.server.catch(forget);
    return own.server;
  }

  /** The kit's own connection to a sandbox. */
  connectionTo(name: string): OwnConnection {
    return this.connections.to(() => this.connect(name));
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
