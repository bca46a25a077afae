import { clearTimeout, setTimeout } from 'node:timers';
import { SeamkitError } from '@seamkit/core';
import type { Call } from './call';
import type { CallSource } from './route';

interface Waiter {
  accepts(call: Call): boolean;
  notify(): void;
}

/** Every call that reached the sandbox since the last reset, in the order of arrival. */
export class Calls implements CallSource {
  readonly #waiters = new Set<Waiter>();
  #all: Call[] = [];

  get size(): number {
    return this.#all.length;
  }

  add(call: Call): void {
    this.#all.push(call);
    for (const waiter of this.#waiters) if (waiter.accepts(call)) waiter.notify();
  }

  forget(): void {
    this.#all = [];
  }

  calls(accepts: (call: Call) => boolean = () => true): Call[] {
    return this.#all.filter(accepts);
  }

  waitFor(
    what: string,
    accepts: (call: Call) => boolean,
    { count = 1, timeout = 5_000 }: { count?: number; timeout?: number } = {},
  ): Promise<Call[]> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        settle();
      };
      const waiter: Waiter = {
        accepts,
        notify: () => {
          const found = this.calls(accepts);
          if (found.length >= count) end(() => resolve(found));
        },
      };
      const timer = setTimeout(() => {
        const got = this.calls(accepts).length;
        const summary = `${got} of ${count} calls of ${what} came within ${timeout} ms`;
        end(() => reject(new SeamkitError('TIMEOUT', summary, this.#whatCame())));
      }, timeout);
      this.#waiters.add(waiter);
      waiter.notify();
    });
  }

  #whatCame() {
    const came = this.#all.slice(-10).map((call) => `${call}${call.route ? '' : ' (unmatched)'}`);
    return {
      hint: came.length > 0 ? 'compare with the calls listed below' : 'no call came at all',
      log: came,
    };
  }
}
