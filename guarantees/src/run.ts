import { type ChildProcess, spawn } from 'node:child_process';

/** How a process ended: its exit code, or the name of the signal. */
export type Ending = number | string;

/** A runner's process, in a process group of its own. */
export class Run {
  output = '';
  /** Resolves when the runner itself is gone; its workers may live on. */
  readonly ended: Promise<Ending>;
  ending: Ending | undefined;
  /** `performance.now()` of the end. */
  endedAt: number | undefined;
  private readonly child: ChildProcess;

  constructor(command: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }) {
    this.child = spawn(command[0]!, command.slice(1), {
      ...options,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (chunk) => {
        this.output += chunk;
      });
    }
    this.ended = new Promise((resolve) =>
      this.child.once('exit', (code, signal) => {
        this.endedAt = performance.now();
        this.ending = code ?? signal!;
        resolve(this.ending);
      }),
    );
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** As the terminal or a CI system does it: every process of the group gets the signal. */
  signalGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // All gone.
    }
  }

  /** Ends whatever is left of the group. */
  async remove(): Promise<void> {
    this.signalGroup('SIGKILL');
    await this.ended;
    this.child.stdout!.destroy();
    this.child.stderr!.destroy();
  }
}
