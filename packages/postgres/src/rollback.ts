import { SeamkitError } from '@seamkit/core';
import { Client, Pool, type PoolClient } from 'pg';
import { statements } from './statements';

/** A transaction command that a test gives, and what it becomes inside our own transaction. */
type Command = 'begin' | 'commit' | 'rollback';

const commands: [Command, RegExp][] = [
  ['begin', /^(begin|start\s+transaction)\b/i],
  ['commit', /^(commit|end)\b(?!\s+prepared)/i],
  ['rollback', /^(rollback|abort)\b(?!\s+(work\s+|transaction\s+)?to\b)(?!\s+prepared)/i],
];

/**
 * The one connection of `isolation: 'rollback'`: always inside a transaction that is rolled back
 * after the test. Transactions of the test are savepoints in it; a statement outside of them has a
 * savepoint of its own, so that its failure does not spoil what follows.
 */
export class RollbackClient extends Client {
  private depth = 0;
  private turn: Promise<unknown> = Promise.resolve();

  // any: pg's query has eight signatures
  override query(...args: any[]): any {
    const callback = args.findLast((arg) => typeof arg === 'function');
    const [config, values] = args;
    // A cursor or a stream answers by itself.
    if (typeof config?.submit === 'function') return super.query(config);
    const result = this.inTurn(() => this.run(config, typeof values === 'function' ? [] : values));
    if (!callback) return result;
    result.then(
      (answer) => callback(undefined, answer),
      (error) => callback(error),
    );
  }

  /** Ends the transaction that holds all that the test did, and is ready for the next one. */
  startAfresh<R>(end: 'COMMIT' | 'ROLLBACK', between: () => Promise<R>): Promise<R> {
    return this.inTurn(async () => {
      await super.query(end);
      this.depth = 0;
      const result = await between();
      await super.query('BEGIN');
      return result;
    });
  }

  async begin(): Promise<void> {
    await super.query('BEGIN');
  }

  private inTurn<R>(work: () => Promise<R>): Promise<R> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => {});
    return result;
  }

  private async run(config: any, values: any) {
    const text: string = typeof config === 'string' ? config : (config?.text ?? '');
    const command = commandOf(text);
    if (command) return this.nest(command);
    if (this.depth > 0) return super.query(config, values);
    await super.query('SAVEPOINT seamkit_statement');
    try {
      const answer = await super.query(config, values);
      await super.query('RELEASE SAVEPOINT seamkit_statement');
      return answer;
    } catch (error) {
      await super.query(
        'ROLLBACK TO SAVEPOINT seamkit_statement; RELEASE SAVEPOINT seamkit_statement',
      );
      throw error;
    }
  }

  private async nest(command: Command) {
    if (command === 'begin') return super.query(`SAVEPOINT seamkit_${++this.depth}`);
    // As the server does: a warning there, nothing here.
    if (this.depth === 0) return super.query('SELECT');
    const savepoint = `seamkit_${this.depth--}`;
    if (command === 'rollback') {
      return super.query(`ROLLBACK TO SAVEPOINT ${savepoint}; RELEASE SAVEPOINT ${savepoint}`);
    }
    try {
      return await super.query(`RELEASE SAVEPOINT ${savepoint}`);
    } catch (error) {
      // COMMIT of a failed transaction rolls it back, without an error.
      if ((error as { code?: string }).code !== '25P02') throw error;
      return super.query(`ROLLBACK TO SAVEPOINT ${savepoint}; RELEASE SAVEPOINT ${savepoint}`);
    }
  }
}

/** @throws SeamkitError `UNSUPPORTED` for transaction commands among other statements */
function commandOf(text: string): Command | undefined {
  if (!/\b(begin|start|commit|end|rollback|abort)\b/i.test(text)) return undefined;
  const found = statements(text);
  const given = found.map((statement) => commands.find(([, is]) => is.test(statement.text))?.[0]);
  if (found.length === 1) return given[0];
  if (given.every((command) => command === undefined)) return undefined;
  throw unsupported(
    'transaction commands in a query of several statements',
    'send them one by one',
  );
}

/** The pool of `isolation: 'rollback'`: one connection, to one user at a time. */
export class RollbackPool extends Pool {
  private out = false;

  constructor(private readonly client: RollbackClient) {
    super({ max: 1 });
  }

  // any: pg's connect has two signatures
  override connect(callback?: any): any {
    const refusal = this.refusal();
    if (callback) {
      if (refusal) callback(refusal, undefined, () => {});
      else callback(undefined, this.lend(), () => this.takeBack());
      return;
    }
    return refusal ? Promise.reject(refusal) : Promise.resolve(this.lend());
  }

  // any: pg's query has eight signatures
  override query(...args: any[]): any {
    const refusal = this.refusal();
    if (!refusal) return (this.client.query as (...args: unknown[]) => unknown)(...args);
    const callback = args.findLast((arg) => typeof arg === 'function');
    if (callback) return callback(refusal);
    return Promise.reject(refusal);
  }

  /** Tells whether a test kept the client, and takes it back. */
  takeBack(): boolean {
    const kept = this.out;
    this.out = false;
    return kept;
  }

  override async end(): Promise<void> {
    // The connection is the sandbox's: an app that ends its pool ends nothing of the next test's.
  }

  private lend(): PoolClient {
    this.out = true;
    return Object.assign(this.client, {
      release: () => void this.takeBack(),
    }) as unknown as PoolClient;
  }

  private refusal(): SeamkitError | undefined {
    if (!this.out) return undefined;
    return unsupported(
      'a second connection while the first is in use',
      'use the client that you have, release it first',
    );
  }
}

/** What one transaction on one connection cannot do. */
export function unsupported(what: string, instead: string): SeamkitError {
  return new SeamkitError('UNSUPPORTED', `postgres: isolation 'rollback' has no ${what}`, {
    hint: `${instead}, or take isolation 'reset' (the default)`,
  });
}
