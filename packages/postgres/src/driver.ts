import {
  type Driver,
  type Endpoint,
  type SandboxContext,
  type SandboxId,
  SeamkitError,
} from '@seamkit/core';
import { BookkeptBaseline, persist } from './baseline';
import { seal } from './bookkeeping';
import { connectToSandbox } from './connection';
import type { Databases, Template } from './databases';
import type { PostgresMembers } from './members';
import type { Isolation, PostgresOptions } from './options';
import { prepare } from './prepare';
import { PostgresSandbox } from './sandbox';
import { describe, endSessions } from './sessions';
import { settingTexts } from './settings';
import { SharedServer } from './shared-server';

/** A sandbox between processes. */
type Place = { name: string };

/** ms that clients which prepare closes without waiting for them may take. */
const farewell = 1_000;

/** Templates and sandboxes on one server, for one test file. */
export class PostgresDriver implements Driver<PostgresMembers, Template, Place> {
  private readonly isolation: Isolation;
  /** Whether templates get the bookkeeping that restores in place. */
  private readonly bookkept: boolean;
  private closed = false;

  private readonly databases: Databases;

  private constructor(
    private readonly server: SharedServer,
    private readonly options: PostgresOptions,
    private readonly context: SandboxContext,
  ) {
    this.databases = server.databases;
    this.isolation = options.isolation ?? 'reset';
    this.bookkept = this.isolation !== 'clone' && this.databases.superuser;
  }

  static async connect(
    endpoint: Endpoint,
    options: PostgresOptions,
    context: SandboxContext,
  ): Promise<PostgresDriver> {
    const server = await SharedServer.join(endpoint, context);
    try {
      if (context.runtime === 'external') await checkSettings(server.databases, options);
    } catch (error) {
      await server.leave();
      throw error;
    }
    return new PostgresDriver(server, options, context);
  }

  async template({ name }: SandboxId): Promise<Template> {
    const { databases, context } = this;
    await databases.createEmpty(name);
    try {
      const url = databases.urlOf(name);
      await prepare(url, this.options, context);
      await this.afterPrepare(name, 'prepare');
      if (this.bookkept) await this.keepBooks(url);
      return await databases.seal(name);
    } catch (error) {
      // The first error counts.
      await this.afterPrepare(name, `prepare failed (${(error as Error).message}) and`)
        .then(() => databases.drop(name))
        .catch(() => {});
      throw error;
    }
  }

  async create({ name }: SandboxId, template: Template): Promise<Place> {
    await this.databases.createFrom(name, template);
    return { name };
  }

  open({ name }: Place, template: Template): Promise<PostgresSandbox> {
    return PostgresSandbox.open(name, template, {
      server: this.server,
      isolation: this.isolation,
      context: this.context,
    });
  }

  async recover({ name }: Place, template: Template): Promise<void> {
    const { databases } = this;
    if (this.bookkept && !(await this.isStale(name))) return;
    await databases.drop(name);
    await databases.createFrom(name, template);
  }

  async destroy({ name }: Place): Promise<void> {
    await this.databases.drop(name);
  }

  hasTemplate({ name }: Template): Promise<boolean> {
    return this.databases.exists(name);
  }

  async destroyTemplate({ name }: Template): Promise<void> {
    await this.databases.drop(name);
  }

  sweep(ended?: string): Promise<string[]> {
    return this.databases.sweep(ended);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.server.leave();
  }

  /**
   * Ends the clients that prepare left. Says so first: a client without an 'error' listener takes
   * its process down.
   */
  private async afterPrepare(name: string, what: string): Promise<void> {
    for (const session of await this.databases.sessions(name, farewell)) {
      this.context.warn(`${what} left a connection open, which is ended: ${describe(session)}`);
    }
    await this.databases.endSessions(name);
  }

  private async keepBooks(url: string): Promise<void> {
    const client = await connectToSandbox(url, this.databases);
    try {
      await client.query(seal);
    } finally {
      await client.end();
    }
  }

  private async isStale(name: string): Promise<boolean> {
    const client = await connectToSandbox(this.databases.urlOf(name), this.databases);
    try {
      const baseline = await BookkeptBaseline.open(client, { clean: false });
      // A file that set a baseline of its own has mostly ended well, and may have left a pool.
      if (!baseline.own) {
        await endSessions((text, values) => client.query(text, values), 's.datname = $1', name);
      }
      const { state } = await persist(client, (own) => baseline.back(own));
      return state === 'stale';
    } finally {
      await client.end();
    }
  }
}

/** Settings of a server that is not ours can only be compared. */
async function checkSettings(databases: Databases, { settings = {} }: PostgresOptions) {
  for (const [name, wanted] of Object.entries(settingTexts(settings))) {
    const value = await databases.show(name);
    if (value === wanted) continue;
    throw new SeamkitError(
      'SERVER_MISMATCH',
      `postgres: the external server has ${name} = ${value ?? 'nothing'}, not ${wanted}`,
      { hint: 'change it there, or leave the setting out; it is compared as SHOW prints it' },
    );
  }
}
