import { clearInterval, setInterval } from 'node:timers';

const longest = 2 ** 31 - 1;

/**
 * Keeps this process from ending while `work` is under way. Between calls nothing of ours does: a
 * kit's connections are unreferenced, so that a process that never closes them can end.
 */
export async function whileAwake<R>(work: () => Promise<R>): Promise<R> {
  const timer = setInterval(() => {}, longest);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
