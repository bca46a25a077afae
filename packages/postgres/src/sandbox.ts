import { type Sandbox, type SandboxContext, SeamkitError } from '@seamkit/core';
import type { Pool } from 'pg';
import {
  type Attempt,
  type Baseline,
  BookkeptBaseline,
  persist,
  type Verdict,
  WatchedBaseline,
  type Witness,
} from './baseline';
import { connectTo, partsOf } from './connection';
import type { Template } from './databases';
import { load } from './fixtures';
import type { PostgresMembers } from './members';
import type { Isolation } from './options';
import type { OwnConnection } from './own-connections';
import { SandboxPool } from './pool';
import { RollbackClient, RollbackPool, unsupported } from './rollback';
import { describe, type Session } from './sessions';
import type { SharedServer } from './shared-server';

/** Clients that a warning names. */
const mostNames = 3;
/** ms that a client which the test has closed may take to be gone. */
const farewell = 100;

type Stale = Extract<Verdict, { state: 'stale' }>;

/** What a sandbox needs of its driver. */
export interface Surroundings {
  server: SharedServer;
  isolation: Isolation;
  context: Pick<SandboxContext, 'warn' | 'folder'>;
}

/** A database of one test file. Its name and url stay the same, also when it is cloned again. */
export class PostgresSandbox implements Sandbox<PostgresMembers> {
  readonly members: PostgresMembers;
  /** Where we keep books: a clone has no baseline but its template's. */
  readonly setBaseline?: () => Promise<boolean>;
  private readonly url: string;
  private readonly control: OwnConnection;
  private baseline: Baseline | undefined;
  private pool: SandboxPool | RollbackPool;
  private rollback: RollbackClient | undefined;
  /** Its baseline is the file's own. */
  private moved = false;
  /** Why clones were made that ended clients. */
  private readonly warned = new Set<string>();
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
    if (around.isolation !== 'clone' && around.server.databases.superuser) {
      this.setBaseline = () => this.inTurn(() => this.take());
    }
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

  async reset(): Promise<boolean | 'spent'> {
    if (this.around.isolation === 'clone') return 'spent';
    return this.inTurn(() => this.toBaseline());
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.inTurn(() => this.disconnect());
    if (this.pool instanceof SandboxPool) await this.pool.close();
  }

  /** Resolves to whether anything was undone. */
  private async toBaseline(): Promise<boolean> {
    const verdict = await this.attempt('ROLLBACK', (client) => this.baseline!.restore(client));
    if (verdict.state !== 'stale') return verdict.state === 'restored' && verdict.undone === true;
    if (this.moved) throw new Error(`${verdict.reason}, and only a new clone could undo that`);
    await this.cloneAgain(verdict);
    return true;
  }

  private async take(): Promise<boolean> {
    const baseline = this.baseline as BookkeptBaseline;
    const verdict = await this.attempt('COMMIT', (client) => baseline.set(client));
    if (verdict.state === 'stale') {
      throw new SeamkitError('RESET_FAILED', `postgres: ${verdict.reason}`);
    }
    if (verdict.state === 'taken') this.moved = true;
    return verdict.state === 'taken';
  }

  /** `end`: what becomes of the transaction that isolation `rollback` has. */
  private async attempt(end: 'COMMIT' | 'ROLLBACK', attempt: Attempt) {
    const compare = () => this.control.use((client) => persist(client, attempt, this.witness));
    if (!this.rollback) return compare();
    if ((this.pool as RollbackPool).takeBack()) {
      this.around.context.warn('the test did not release its client');
    }
    return this.rollback.startAfresh(end, compare);
  }

  /** The same name and url, the template's content. */
  private async cloneAgain(stale: Stale): Promise<void> {
    const { databases } = this.around.server;
    await this.disconnect();
    await this.nameClients(stale);
    await databases.endSessions(this.name);
    if (this.pool instanceof SandboxPool) await this.pool.forget();
    await databases.drop(this.name);
    await databases.createFrom(this.name, this.template);
    await this.connect(true);
  }

  /** Says once for each reason which clients a new clone ends: their code gets errors. */
  private async nameClients({ reason, command }: Stale): Promise<void> {
    if (this.warned.has(reason)) return;
    const others = (sessions: Session[]) =>
      sessions.filter(({ pid }) => !(this.pool instanceof SandboxPool && this.pool.isResting(pid)));
    // Those that the test has just closed may still be there.
    const ended = await this.around.server.databases.sessions(this.name, farewell, others);
    if (ended.length === 0) return;
    this.warned.add(reason);
    const advice = command ? '. Put that command into prepare' : '';
    const names = ended.slice(0, mostNames).map(describe).join('; ');
    this.around.context.warn(
      `${reason}, so the reset clones the database again and ends ${ended.length} of its clients, which get 57P01 (${names}${ended.length > mostNames ? '; …' : ''})${advice}`,
    );
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

  private async load(fixtures: Parameters<PostgresMembers['load']>[0]): Promise<void> {
    const { folder } = this.around.context;
    if (this.rollback) return load(this.rollback, fixtures, folder);
    // A connection of its own: a dump leaves settings behind.
    const client = await connectTo(this.url, 'seamkit load');
    try {
      await load(client, fixtures, folder);
    } finally {
      await client.end();
    }
  }

  private face(): PostgresMembers {
    const sandbox = this;
    const { isolation } = this.around;
    const url = () => {
      if (isolation !== 'rollback') return sandbox.url;
      throw unsupported('url: a connection of its own would see nothing', 'use the pool');
    };
    return {
      get url() {
        return url();
      },
      get connection() {
        return partsOf(url());
      },
      get pool(): Pool {
        return sandbox.pool;
      },
      async query(text, values) {
        const { rows } = await sandbox.pool.query(text, values as unknown[]);
        return rows;
      },
      load: (fixtures) => this.load(fixtures),
    };
  }
}
