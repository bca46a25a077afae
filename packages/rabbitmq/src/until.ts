import { setTimeout as delay } from 'node:timers/promises';

const patience = 1_000;
const pollInterval = 5;

/** Waits for a condition, at most a second. Resolves to whether it came to hold. */
export async function until(holds: () => Promise<boolean>): Promise<boolean> {
  for (const deadline = performance.now() + patience; performance.now() < deadline; ) {
    if (await holds()) return true;
    await delay(pollInterval);
  }
  return false;
}
