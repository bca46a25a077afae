import { clearTimeout, setTimeout } from 'node:timers';

/**
 * What `work` resolves to, unless that takes more than `ms`: then its signal is aborted, and it rejects
 * with what `late` makes.
 */
export async function within<R>(
  ms: number,
  work: (signal: AbortSignal) => R | Promise<R>,
  late: () => unknown,
): Promise<R> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = late();
      reject(error);
      abort.abort(error);
    }, ms);
  });
  try {
    return await Promise.race([work(abort.signal), expired]);
  } finally {
    clearTimeout(timer);
  }
}
