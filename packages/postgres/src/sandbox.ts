import type { Sandbox, SandboxContext } from '@seamkit/core';
import { SeamkitError } from '@seamkit/core';
import type { Pool } from 'pg';
import {
  type Baseline,
  BookkeptBaseline,
  restore,
  WatchedBaseline,
  type Witness,
} from './baseline';
import { connectTo } from './connection';
import type { Template } from './databases';
import { load } from './fixtures';
import type { Isolation, Postgres } from './kit';
import type { OwnConnection } from './own-connections';
import { SandboxPool } from './pool';
import { RollbackClient, RollbackPool, unsupported } from './rollback';
import { describe } from './sessions';
import type { SharedServer } from './shared-server';

/** What a sandbox needs of its driver. */
export interface Surroundings {
  server: SharedServer;
  isolation: Isolation;
  context: Pick<SandboxContext, 'warn'>;
}

/** A database of one test file. Its name and url stay the same, also when it is cloned again. */
export class PostgresSandbox implements Sandbox<Postgres> {
  readonly members: Postgres;
  private readonly url: string;
  private readonly control: OwnConnection;
  private baseline: Baseline | undefined;
  private pool: SandboxPool | RollbackPool;
  private rollback: RollbackClient | undefined;
  private readonly snapshots = new Map<string, Template>();
  private made = 0;
  private turn: Promise<unknown> = Promise.resolve();
  private closed = false;

  private constructor(
    private readonly name: string,
    private readonly template: Template,
    private readonly around: Surroundings,
  ) {
    this.url = around.server.databases.urlOf(name);
    this.control = around.server.connectionTo(name);
    this.pool = new SandboxPool(this.url);
    this.members = this.face();
  }

  /** Connects to a database that is at its baseline. */
  static async open(name: string, template: Template, around: Surroundings) {
    const sandbox = new PostgresSandbox(name, template, around);
    try {
      await sandbox.connect(true);
      return sandbox;
    } catch (error) {
      await sandbox.close();
      throw error;
    }
  }

  async reset(): Promise<void | 'spent'> {
    if (this.around.isolation === 'clone') return 'spent';
    await this.inTurn(() => this.toBaseline());
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.inTurn(() => this.disconnect());
    if (this.pool instanceof SandboxPool) await this.pool.close();
    if (this.snapshots.size) await this.around.server.databases.dropSnapshots(this.name);
  }

  private async toBaseline(): Promise<void> {
    let stale: string | undefined;
    const compare = async () => {
      stale = await this.control.use((client) => restore(client, this.baseline!, this.witness));
    };
    if (this.around.isolation === 'clone') {
      stale = 'always';
    } else if (this.rollback) {
      if ((this.pool as RollbackPool).takeBack()) {
        this.around.context.warn('the test did not release its client');
      }
      await this.rollback.startAfresh(compare);
    } else {
      await compare();
    }
    if (stale) await this.cloneFrom(this.template);
  }

  /** The same name and url, the content of another database. */
  private cloneFrom(source: Template, altered = false): Promise<void> {
    const { databases } = this.around.server;
    return this.offline(async () => {
      await databases.drop(this.name);
      await databases.createFrom(this.name, source, altered);
    }, source === this.template);
  }

  private snapshot(label: string): Promise<void> {
    return this.offline(async () => {
      const copy = `${this.name}_${++this.made}`;
      const former = this.snapshots.get(label);
      this.snapshots.set(label, await this.around.server.databases.snapshot(this.name, copy));
      if (former) await this.around.server.databases.drop(former.name);
    });
  }

  private async restoreSnapshot(label: string): Promise<void> {
    const snapshot = this.snapshots.get(label);
    if (!snapshot) {
      throw new SeamkitError('OPTION_INVALID', `postgres: there is no snapshot '${label}'`, {
        hint: `call snapshot(${label === defaultLabel ? '' : `'${label}'`}) first, in the same test file`,
      });
    }
    const altered =
      JSON.stringify(snapshot.properties) !== JSON.stringify(this.template.properties);
    await this.cloneFrom(snapshot, altered);
    if (this.baseline instanceof WatchedBaseline) {
      this.baseline = {
        restore: async () => ({ state: 'stale', reason: 'it was restored from a snapshot' }),
      };
    }
  }

  /** Runs `work` while nobody is connected to the database. `clean`: it leaves the baseline. */
  private async offline(work: () => Promise<void>, clean = false): Promise<void> {
    await this.disconnect();
    await this.around.server.databases.endSessions(this.name);
    if (this.pool instanceof SandboxPool) await this.pool.forget();
    await work();
    await this.connect(clean);
  }

  /** `clean`: the database is at its baseline. */
  private async connect(clean: boolean): Promise<void> {
    const { isolation, server } = this.around;
    if (isolation === 'clone') return;
    this.baseline = await this.control.use<Baseline>((client) =>
      server.databases.superuser
        ? BookkeptBaseline.open(client, { clean })
        : WatchedBaseline.open(client),
    );
    if (isolation !== 'rollback') return;
    this.rollback = new RollbackClient({ connectionString: this.url });
    this.rollback.on('error', () => {});
    await this.rollback.connect();
    await this.rollback.begin();
    this.pool = new RollbackPool(this.rollback);
  }

  private async disconnect(): Promise<void> {
    await Promise.all([this.control.end(), this.rollback?.end().catch(() => {})]);
    this.rollback = undefined;
  }

  /** Says whose transactions are ended, and takes our own clients among them out of the pool. */
  private readonly witness: Witness = {
    ending: (sessions, prepared) => {
      const { warn } = this.around.context;
      for (const session of sessions) warn(`ends an open transaction: ${describe(session)}`);
      for (const id of prepared) warn(`rolls back a prepared transaction: '${id}'`);
    },
    ended: async (sessions) => {
      if (!(this.pool instanceof SandboxPool)) return;
      await this.pool.forget(new Set(sessions.map(({ pid }) => pid)));
    },
  };

  private inTurn<R>(work: () => Promise<R>): Promise<R> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => {});
    return result;
  }

  private async load(fixtures: Parameters<Postgres['load']>[0]): Promise<void> {
    if (this.rollback) return load(this.rollback, fixtures);
    // A connection of its own: a dump leaves settings behind.
    const client = await connectTo(this.url, 'seamkit load');
    try {
      await load(client, fixtures);
    } finally {
      await client.end();
    }
  }

  private face(): Postgres {
    const sandbox = this;
    const { isolation } = this.around;
    const oneConnection = isolation === 'rollback';
    return {
      get url() {
        if (oneConnection) {
          throw unsupported('url: a connection of its own would see nothing', 'use the pool');
        }
        return sandbox.url;
      },
      get pool(): Pool {
        return sandbox.pool;
      },
      async query(text, values) {
        const { rows } = await sandbox.pool.query(text, values as unknown[]);
        return rows;
      },
      reset: () => this.inTurn(() => this.toBaseline()),
      load: (fixtures) => this.load(fixtures),
      async snapshot(label = defaultLabel) {
        if (oneConnection) throw unsupported('snapshots', 'use a savepoint');
        await sandbox.inTurn(() => sandbox.snapshot(label));
      },
      async restore(label = defaultLabel) {
        if (oneConnection) throw unsupported('snapshots', 'use a savepoint');
        await sandbox.inTurn(() => sandbox.restoreSnapshot(label));
      },
    };
  }
}

const defaultLabel = 'snapshot';
