import { clearInterval, setInterval } from 'node:timers';
import { isStopped } from '../system/process-identity';

/** ms between a keeper's signs of life to its leash. */
export const signInterval = 1_000;
/** ms of silence after which a person reads what is waited for. */
const toldAfter = 3_000;
/** ms of silence after which a keeper that is stopped counts as lost. */
const stoppedFor = 10_000;
/** The same for one that is not: on a machine that is very busy it may only be late. */
const silentFor = 20_000;
const tick = 500;

/**
 * Watches over a keeper's silence: `ask` is called every half a second, `told` after 3 s without
 * `heard`, `over` once it counts as lost (10 s where its process is stopped, else 20 s). Counts its own
 * ticks rather than the time, so that who was stopped itself, or slept with the machine, has not waited.
 */
export function watchSilence(
  keeper: () => string | undefined,
  on: { ask?(): void; told?(): void; over(): void },
): { heard(): void; stop(): void } {
  let silent = 0;
  const timer = setInterval(() => {
    silent += tick;
    if (silent === toldAfter) on.told?.();
    if (silent >= silentFor || (silent >= stoppedFor && isStopped(keeper() ?? ''))) {
      clearInterval(timer);
      on.over();
    } else {
      on.ask?.();
    }
  }, tick);
  return {
    heard: () => {
      silent = 0;
    },
    stop: () => clearInterval(timer),
  };
}
