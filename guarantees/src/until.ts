import { setTimeout as delay } from 'node:timers/promises';

/** Polls until `condition` holds. Rejects after `deadline` ms, with what `what` says then. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string | (() => string),
  deadline = 10_000,
): Promise<void> {
  const end = performance.now() + deadline;
  while (!(await condition())) {
    if (performance.now() > end) {
      throw new Error(`waited ${deadline} ms for ${typeof what === 'string' ? what : what()}`);
    }
    await delay(20);
  }
}
