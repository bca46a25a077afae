import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { StartContext } from '../contract';
import { SeamkitError } from '../errors';
import { within } from '../within';
import { Deadline } from './deadline';
import { ServerLog } from './server-log';

const stepTimeout = 600_000;
// ms; and the part of the time waited so far, so that a slow boot is not slowed by being asked.
const pollInterval = 2;
const pollPart = 0.02;

/** How a server ended by itself: words for it, and what to do about it. */
export interface Ending {
  how: string;
  hint?: string;
}

/** One server's start, and its end: everything that was acquired for it, in order. */
export class ServerStart {
  readonly logLines = new ServerLog();
  readonly deadline: Deadline;
  /** What runs, for errors: a command line or an image. */
  readonly commands: string[] = [];
  /** Where the program or image came from. */
  source: string | undefined;
  /** Process groups and containers that it is made of, and what of the cache it runs from. */
  readonly parts = {
    processes: [] as number[],
    containers: [] as string[],
    uses: [] as string[],
  };
  /** Resolves when the server ended by itself. */
  readonly ended: Promise<Ending>;
  /** Rejects where that is during its start. */
  readonly failed: Promise<never>;
  private readonly ending: (ending: Ending) => void;
  private readonly cleanups: (() => unknown)[] = [];
  private releasing: Promise<void> | undefined;

  constructor(
    readonly kit: string,
    startTimeout: number,
    private readonly notify: (text: string) => void,
  ) {
    let resolve!: (ending: Ending) => void;
    this.ended = new Promise((settle) => {
      resolve = settle;
    });
    this.ending = resolve;
    this.failed = this.ended.then(({ how, hint }) => {
      throw this.failure('START_FAILED', `${kit} ended during its start: ${how}`, hint);
    });
    this.failed.catch(() => {});
    this.deadline = new Deadline(startTimeout, () =>
      this.failure('START_TIMEOUT', `${kit} was not ready within ${startTimeout} ms`),
    );
  }

  /** What every runtime gives to the kit. */
  get context(): StartContext {
    return {
      kit: this.kit,
      defer: (cleanup) => this.defer(cleanup),
      log: (line) => this.log(line),
      secret: () => this.secret(),
      step: (title, work, timeout) => this.step(title, work, timeout),
      ready: (probe) => this.ready(probe),
    };
  }

  /** Called by a runtime when a process or container of this server ended. */
  end(how: string, hint?: string): void {
    if (!this.releasing) this.ending({ how, hint }); // else it was ended by us
  }

  defer(cleanup: () => unknown): void {
    // Its keeper may be closing while it still starts.
    if (this.releasing) void this.releasing.then(cleanup).catch(() => {});
    else this.cleanups.push(cleanup);
  }

  log(line: string): void {
    this.logLines.add(line);
  }

  secret(): string {
    const secret = randomBytes(18).toString('base64url').replaceAll(/[-_]/g, 'x');
    this.logLines.conceal(secret);
    return secret;
  }

  async step<R>(
    title: string,
    work: (progress: (text: string) => void, signal: AbortSignal) => Promise<R>,
    timeout = stepTimeout,
  ): Promise<R> {
    const late = () =>
      new SeamkitError('DOWNLOAD_FAILED', `${this.kit}: ${title} took more than ${timeout} ms`, {
        hint: 'check that the network and its mirrors answer, and run again',
      });
    const progress = (text: string) => this.notify(`${title}: ${text}`);
    return this.deadline.pauseDuring(() =>
      within(timeout, (signal) => work(progress, signal), late),
    );
  }

  /** A line for whoever waits. */
  tell(text: string): void {
    this.log(text);
    this.notify(text);
  }

  async ready(probe: () => Promise<unknown>): Promise<void> {
    await Promise.race([this.failed, this.deadline.passed, this.poll(probe)]);
  }

  /** An error of this start, with what ran and the last log lines. */
  failure(code: 'START_FAILED' | 'START_TIMEOUT', summary: string, hint?: string): SeamkitError {
    return new SeamkitError(code, summary, {
      tried: this.commands.map((command) => this.logLines.clean(command)),
      log: this.logLines.last(),
      hint:
        hint ??
        (code === 'START_TIMEOUT'
          ? 'if the machine is slow, raise SEAMKIT_START_TIMEOUT (ms); else the log lines say what it waits for'
          : 'fix what the log lines say; the command above is what ran'),
    });
  }

  /** Undoes everything, last first. Idempotent; never rejects. */
  release(): Promise<void> {
    this.releasing ??= (async () => {
      this.deadline.stop();
      for (const cleanup of this.cleanups.reverse()) {
        try {
          await cleanup();
        } catch (error) {
          this.log(`clean-up failed: ${error}`);
        }
      }
    })();
    return this.releasing;
  }

  private async poll(probe: () => Promise<unknown>): Promise<void> {
    const begin = performance.now();
    while (!this.releasing) {
      if ((await probe().catch(() => false)) !== false) return;
      await delay(Math.max(pollInterval, (performance.now() - begin) * pollPart));
    }
  }
}
