import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

const pollInterval = 5;

/** Waits for a condition, at most `patience` ms. Resolves to whether it came to hold. */
export async function until(holds: () => Promise<boolean>, patience = 10_000): Promise<boolean> {
  for (const deadline = performance.now() + patience; performance.now() < deadline; ) {
    if (await holds()) return true;
    await delay(pollInterval);
  }
  return false;
}
