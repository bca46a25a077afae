import type { Driver, Endpoint, SandboxContext } from '@seamkit/core';
import { type Item, readItems, resetStats, restore, written } from './items';
import { type MemcachedMembers, makeMembers } from './members';
import type { MemcachedOptions } from './options';

/** The sandbox is the whole server, so its name is all there is to it. */
export async function connectDriver(
  { url }: Endpoint,
  { prepare, memory = 64 }: MemcachedOptions,
  context: SandboxContext,
): Promise<Driver<MemcachedMembers, Item[], string>> {
  const empty = () => restore(url, [], memory);
  return {
    async template() {
      if (!prepare) return [];
      try {
        await context.prepare((signal) => prepare(url, { signal }));
        return await readItems(url);
      } catch (error) {
        await empty();
        throw error;
      }
    },
    create: async ({ name }) => name,
    async open(_, template) {
      let items = template;
      const reset = () => restore(url, items, memory);
      await reset();
      return {
        members: makeMembers(url),
        reset,
        async setBaseline() {
          const moved = await written(url);
          if (moved) {
            items = await readItems(url);
            await resetStats(url);
          } else {
            await reset(); // times to live, and counters, begin anew
          }
          return moved;
        },
        close: async () => {},
      };
    },
    recover: (_, items) => restore(url, items, memory),
    destroy: empty,
    destroyTemplate: async () => {},
    close: async () => {},
  };
}
