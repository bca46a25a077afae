/** What a test file has on the other side: one of our kits, or nothing of ours. */
export type Boundary = 'redis' | 'none';

/** Where `connect` gives what the test does again and again, and how to end it. */
const boundaries: Record<Boundary, string> = {
  none: `
    const connect = async () => ({ work: async () => {}, end: () => {} });
  `,
  redis: `
    const { use } = require('@seamkit/core');
    const { redis } = require('@seamkit/redis');
    const { Redis } = require('ioredis');
    const env = use({ cache: redis() });
    // A client that fails at once when its server is gone, as the test should.
    const connect = async () => {
      const client = new Redis(env.cache.url, { retryStrategy: null, maxRetriesPerRequest: 0 });
      client.on('error', () => {});
      return { work: () => client.incr('key'), end: () => client.disconnect() };
    };
  `,
};

/**
 * A test file for all runners. Its one test works in its sandbox, leaves the mark
 * `<name>-<round>` with its pid, and goes on until it finds the mark `stop-<round>`, or fails at
 * the mark `fail`.
 */
export function testFile(name: string, boundary: Boundary, marks: string, round = 1): string {
  return `
    const { existsSync, renameSync, writeFileSync } = require('node:fs');
    const { setTimeout: delay } = require('node:timers/promises');
    const test = globalThis.test ?? require('node:test').test;
    const at = (mark) => ${JSON.stringify(`${marks}/`)} + mark;
    const round = ${round};
    ${boundaries[boundary]}
    test('${name} is in the middle of its work', async () => {
      const { work, end } = await connect();
      try {
        await work();
        const mark = at('${name}-' + round);
        writeFileSync(mark + '.new', String(process.pid));
        renameSync(mark + '.new', mark);
        const late = Date.now() + 120_000; // should nobody be left to tell it
        while (Date.now() < late && !existsSync(at('stop-' + round))) {
          if (existsSync(at('fail'))) throw new Error('told to fail');
          await work();
          await delay(20);
        }
      } finally {
        end();
      }
    }, 150_000);
  `;
}
