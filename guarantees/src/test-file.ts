/** What a test file has on the other side: one of our kits, or nothing of ours. */
export type Boundary = 'redis' | 'postgres' | 'none';

/**
 * Where `connect` gives what the test does again and again, and how to end it. Its clients fail at
 * once when their server is gone, as the test should.
 */
const boundaries: Record<Boundary, { packages: string[]; code: string }> = {
  none: {
    packages: [],
    code: `
    const connect = async () => ({ work: async () => {}, end: () => {} });
    `,
  },
  redis: {
    packages: ['@seamkit/core', '@seamkit/redis', 'ioredis'],
    code: `
    const { open, use } = require('@seamkit/core');
    const { redis } = require('@seamkit/redis');
    const { Redis } = require('ioredis');
    const env = use({ cache: redis() });
    const connect = async () => {
      const { url } = env.cache;
      const client = new Redis(url, { retryStrategy: null, maxRetriesPerRequest: 0 });
      client.on('error', () => {});
      return { url, work: () => client.incr('key'), end: () => client.disconnect() };
    };
    const more = () => open({ cache: redis({ exclusive: true }) });
    `,
  },
  postgres: {
    packages: ['@seamkit/core', '@seamkit/postgres', 'pg'],
    code: `
    const { use } = require('@seamkit/core');
    const { postgres } = require('@seamkit/postgres');
    const { Client } = require('pg');
    const prepare = async (url) => {
      const client = new Client(url);
      await client.connect();
      await client.query('create table rows (text text)');
      await client.end();
    };
    const env = use({ db: postgres({ prepare }) });
    const connect = async () => {
      const { url } = env.db;
      const client = new Client(url);
      client.on('error', () => {});
      await client.connect();
      const insert = 'insert into rows select string_agg(md5(random()::text), chr(32)) from generate_series(1, 2000)';
      return { url, work: () => client.query(insert), end: () => client.end() };
    };
    `,
  },
};

export function packagesOf(boundary: Boundary): string[] {
  return boundaries[boundary].packages;
}

/**
 * A test file for all runners. Its one test works in its sandbox, leaves the mark
 * `<name>-<round>` with its pid, and goes on until it finds the mark `stop-<round>`, or fails at
 * the mark `fail`. At the mark `more` it asks for a second server. The url of its sandbox is in the
 * mark `url`.
 */
export function testFile(name: string, boundary: Boundary, marks: string, round = 1): string {
  return `
    const { existsSync, renameSync, writeFileSync } = require('node:fs');
    const { setTimeout: delay } = require('node:timers/promises');
    const test = globalThis.test ?? require('node:test').test;
    const at = (mark) => ${JSON.stringify(`${marks}/`)} + mark;
    const round = ${round};
    writeFileSync(at('begun-' + round), '');
    ${boundaries[boundary].code}
    test('${name} is in the middle of its work', async () => {
      const { url, work, end } = await connect();
      try {
        await work();
        if (url) writeFileSync(at('url'), url);
        const mark = at('${name}-' + round);
        writeFileSync(mark + '.new', String(process.pid));
        renameSync(mark + '.new', mark);
        const late = Date.now() + 1_800_000; // should nobody be left to tell it
        while (Date.now() < late && !existsSync(at('stop-' + round))) {
          if (existsSync(at('fail'))) throw new Error('told to fail');
          if (existsSync(at('more'))) {
            await more();
            break;
          }
          await work();
          await delay(20);
        }
      } finally {
        end();
      }
    }, 2_000_000);
  `;
}
