import { setTimeout } from 'node:timers/promises';

/**
 * What `look` finds, as soon as it finds something: for what another process of the service does in
 * its own time. @throws Error after 5 s
 */
export async function eventually<R>(look: () => Promise<R | undefined>): Promise<R> {
  const deadline = performance.now() + 5000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`not within 5 s: ${look}`);
    await setTimeout(5);
  }
}
