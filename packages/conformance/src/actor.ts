import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

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
  | { name: 'leak' | 'reset' | 'close' }
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

  constructor(harness: string, env: NodeJS.ProcessEnv) {
    this.child = fork(join(__dirname, 'actor-process.js'), [harness], {
      env,
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.gone = new Promise((resolve) => this.child.once('exit', () => resolve()));
  }

  open(opening: Opening = {}): Promise<void> {
    return this.order({ name: 'open', opening });
  }

  write(key: string, value: string): Promise<void> {
    return this.order({ name: 'write', key, value });
  }

  read(key: string): Promise<string | undefined> {
    return this.order({ name: 'read', key });
  }

  leak(): Promise<void> {
    return this.order({ name: 'leak' });
  }

  reset(): Promise<void> {
    return this.order({ name: 'reset' });
  }

  close(): Promise<void> {
    return this.order({ name: 'close' });
  }

  /** Calls the factory with these options. */
  refuse(options: Record<string, unknown>): Promise<void> {
    return this.order({ name: 'refuse', options });
  }

  /** SIGKILL; resolves once the process is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.gone;
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
