import type { Driver, Endpoint, SandboxContext } from '@seamkit/core';
import { ask } from './ask';
import { type Item, listKeys, readItems, restore } from './items';
import type { MemcachedMembers, MemcachedOptions } from './kit';

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
        await context.prepare(() => prepare(url));
        return await readItems(url);
      } catch (error) {
        await empty();
        throw error;
      }
    },
    create: async ({ name }) => name,
    async open(_, items) {
      const reset = () => restore(url, items, memory);
      await reset();
      return { members: makeMembers(url), reset, close: async () => {} };
    },
    recover: (_, items) => restore(url, items, memory),
    destroy: empty,
    destroyTemplate: async () => {},
    close: async () => {},
  };
}

function makeMembers(url: string): MemcachedMembers {
  return {
    url,
    address: new URL(url).host,
    async keys() {
      const keys = await listKeys(url);
      return keys.map((key) => Buffer.from(key, 'latin1').toString());
    },
    async stats() {
      const lines = await ask(url, 'stats\r\n', /^END/);
      const pairs = lines.slice(0, -1).map(({ text }) => text.split(' ').slice(1));
      return Object.fromEntries(pairs);
    },
  };
}
