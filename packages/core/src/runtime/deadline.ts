import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';

/** A clock that runs out after `ms`, and stands still while at least one pause is open. */
export class Deadline {
  /** Rejects with what `error` makes, once the time is up. */
  readonly passed: Promise<never>;
  private reject!: (error: unknown) => void;
  private timer: NodeJS.Timeout | undefined;
  private since = performance.now();
  private ran = 0;
  private stood = 0;
  private pauses = 0;

  constructor(
    private readonly ms: number,
    private readonly error: () => unknown,
  ) {
    this.passed = new Promise((_, reject) => {
      this.reject = reject;
    });
    this.passed.catch(() => {});
    this.arm();
  }

  /** ms that the clock ran, and ms that it stood. */
  get times(): { ran: number; stood: number } {
    const now = performance.now() - this.since;
    return this.pauses
      ? { ran: this.ran, stood: this.stood + now }
      : { ran: this.ran + now, stood: this.stood };
  }

  get left(): number {
    return Math.max(0, this.ms - this.times.ran);
  }

  async pauseDuring<R>(work: () => Promise<R>): Promise<R> {
    if (this.pauses === 0) this.turn();
    this.pauses++;
    try {
      return await work();
    } finally {
      if (this.pauses === 1) this.turn();
      this.pauses--;
      if (this.pauses === 0) this.arm();
    }
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private turn(): void {
    clearTimeout(this.timer);
    ({ ran: this.ran, stood: this.stood } = this.times);
    this.since = performance.now();
  }

  private arm(): void {
    this.timer = setTimeout(() => this.reject(this.error()), this.left);
  }
}
