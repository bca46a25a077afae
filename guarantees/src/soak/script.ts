import { dirname, join } from 'node:path';

const shelf = join(dirname(require.resolve('@seamkit/core/package.json')), 'test/shelf/kit');

const boundaries = {
  redis: `const it = require('@seamkit/redis').redis();
    const { Redis } = require('ioredis');
    // A client that fails at once when its server is gone.
    let client;
    async function work({ url }) {
      client ??= new Redis(url, { retryStrategy: null, maxRetriesPerRequest: 0 }).on('error', () => {});
      await client.incr('key');
    }`,
  shelf: `const { shelf, caller } = require(${JSON.stringify(shelf)});
    const it = shelf();
    const work = (members) => caller(members.url)('PUT', '/key', 'value');`,
};

/**
 * A program without a runner that opens a sandbox, works in it, and ends in good order once it is
 * told to. It leaves the marks of both test files of a project.
 */
export function script(boundary: keyof typeof boundaries, marks: string): string {
  return `
    const { existsSync, writeFileSync } = require('node:fs');
    const { setTimeout: delay } = require('node:timers/promises');
    const { open } = require('@seamkit/core');
    ${boundaries[boundary]}
    const at = (mark) => ${JSON.stringify(`${marks}/`)} + mark;
    async function main() {
      const env = await open({ it });
      await work(env.it);
      for (const name of ['one-1', 'two-1']) writeFileSync(at(name), String(process.pid));
      for (const late = Date.now() + 60_000; Date.now() < late && !existsSync(at('stop-1')); ) {
        await delay(20);
        await work(env.it);
      }
      await env.close();
      process.exit();
    }
    main().catch((error) => {
      console.error(error);
      process.exit(1);
    });
  `;
}
