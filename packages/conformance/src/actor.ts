import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** ms that an actor may take to give back what it has. */
const patience = 5_000;

/** How an actor opens its sandbox. */
export interface Opening {
  /** Entries that `prepare` leaves; none: no `prepare`. */
  baseline?: Record<string, string>;
  /** A file that gets one dot per run of `prepare`. */
  counter?: string;
  /** `prepare` throws after its work. */
  failing?: boolean;
}

export type Order =
  | { name: 'open'; opening: Opening }
  | { name: 'write'; key: string; value: string }
  | { name: 'read'; key: string }
  | { name: 'changeShape'; round: number }
  | { name: 'describe' | 'leak' | 'reset' | 'setBaseline' | 'close' }
  | { name: 'refuse'; options: Record<string, unknown> };

/** What a failed order was answered with. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly code?: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** A process that plays a test worker's part. One order at a time. */
export class Actor {
  private readonly child: ChildProcess;
  private readonly gone: Promise<void>;
  private holds = false;

  constructor(harness: string, env: NodeJS.ProcessEnv) {
    this.child = fork(join(__dirname, 'actor-process.js'), [harness], {
      env,
      execArgv: [],
      serialization: 'advanced', // options may be anything
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.gone = new Promise((resolve) => this.child.once('exit', () => resolve()));
  }

  async open(opening: Opening = {}): Promise<void> {
    await this.order({ name: 'open', opening });
    this.holds = true;
  }

  write(key: string, value: string): Promise<void> {
    return this.order({ name: 'write', key, value });
  }

  read(key: string): Promise<string | undefined> {
    return this.order({ name: 'read', key });
  }

  changeShape(round: number): Promise<void> {
    return this.order({ name: 'changeShape', round });
  }

  describe(): Promise<unknown> {
    return this.order({ name: 'describe' });
  }

  leak(): Promise<void> {
    return this.order({ name: 'leak' });
  }

  /** Fails where the sandbox was replaced: tests hold its url, and services their connections. */
  async reset(): Promise<void> {
    const stayed = await this.order({ name: 'reset' });
    if (!stayed) throw new Error('the reset failed, so that the sandbox was replaced by another');
  }

  /** The sandbox is replaced, since its server is gone. */
  async goOn(): Promise<void> {
    await this.order({ name: 'reset' });
  }

  setBaseline(): Promise<void> {
    return this.order({ name: 'setBaseline' });
  }

  async close(): Promise<void> {
    await this.order({ name: 'close' });
    this.holds = false;
  }

  /** Calls the factory with these options. */
  refuse(options: Record<string, unknown>): Promise<void> {
    return this.order({ name: 'refuse', options });
  }

  /** SIGKILL; resolves once the process is gone. */
  async kill(): Promise<void> {
    this.holds = false;
    this.child.kill('SIGKILL');
    await this.gone;
  }

  /**
   * Gives back what it has, where it can, and ends. A server goes on with what a killed process
   * asked for: a sandbox that was made ahead of need would appear in the middle of the next case.
   */
  async leave(): Promise<void> {
    const closed = this.holds && this.close().catch(() => {});
    await Promise.race([closed, delay(patience, undefined, { ref: false })]);
    await this.kill();
  }

  private async order(order: Order): Promise<any> {
    const answer = await new Promise<{ value?: unknown; error?: Refusal }>((resolve, reject) => {
      const onExit = () => reject(new Error(`the process ended during '${order.name}'`));
      this.child.once('exit', onExit);
      this.child.once('message', (message) => {
        this.child.off('exit', onExit);
        resolve(message as { value?: unknown });
      });
      this.child.send(order, (error) => error && reject(error));
    });
    if (answer.error) throw new Refusal(answer.error.message, answer.error.code, answer.error.hint);
    return answer.value;
  }
}
