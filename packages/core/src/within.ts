import { clearTimeout, setTimeout } from 'node:timers';

/** What `work` resolves to, unless that takes more than `ms`: then rejects with what `late` makes. */
export async function within<R>(
  ms: number,
  work: () => R | Promise<R>,
  late: () => unknown,
): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([work(), expired]);
  } finally {
    clearTimeout(timer);
  }
}
