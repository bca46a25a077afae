import { setTimeout } from 'node:timers/promises';

/**
 * What `look` finds, as soon as it finds something: for what another process of the service does in
 * its own time. @throws Error after 20 s
 */
export async function eventually<R>(look: () => Promise<R | undefined>): Promise<R> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`not within 20 s: ${look}`);
    await setTimeout(5);
  }
}
