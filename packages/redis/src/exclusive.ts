import { isDeepStrictEqual } from 'node:util';
import type { Driver, Sandbox } from '@seamkit/core';
import type { Redis } from 'ioredis';
import { connect, connectionName, replies, urlOf } from './connection';
import { Leftovers } from './leftovers';
import { makeMembers, ReadyClient, type RedisMembers } from './members';
import { snapshot } from './scripts';
import type { Shared } from './shared';

/** Key, ms to live (0: for ever), payload, and its hash fields' names and ms by turns; base64. */
type Entry = [key: string, ttl: string, payload: string, fields: string[]];

/** A whole server's baseline, as plain data: a test may wipe every database. */
export type Snapshot = {
  databases: { number: number; entries: Entry[] }[];
  functions: string;
  config: { [name: string]: string };
  /** Lines of `ACL LIST`. */
  users: string[];
  /** Hooks of the file loaded scripts. No server tells which: then those of tests stay, too. */
  scripts?: boolean;
};

type Lone = { name: string };

/** A server that one test file has for itself: the sandbox is the whole of it. */
export function exclusiveDriver({
  endpoint,
  prepare,
  context,
  line,
}: Shared): Driver<RedisMembers, Snapshot, Lone> {
  return {
    async template() {
      if (prepare) await context.prepare((signal) => prepare(urlOf(endpoint.url, 0), { signal }));
      return takeSnapshot(line);
    },
    async create({ name }) {
      return { name };
    },
    async open(_, template) {
      const name = connectionName('reset', context.owner);
      const own = await connect(urlOf(endpoint.url, 0), name);
      const url = urlOf(endpoint.url, 0);
      const ready = new ReadyClient(url);
      const leftovers = new Leftovers(context.warn, name, ready, undefined);
      let baseline = template;
      let clean = await restoreSnapshot(own, baseline);
      const sandbox: Sandbox<RedisMembers> = {
        members: makeMembers(url, ready, () => own),
        async reset() {
          await leftovers.clear(own, (await own.client('LIST')) as string);
          clean = await restoreSnapshot(own, baseline);
        },
        async setBaseline() {
          leftovers.stay((await own.client('LIST')) as string);
          const now = footprintIn(await own.info('persistence', 'memory'));
          const { config, users } = await administration(own);
          const same = isDeepStrictEqual([config, users], [baseline.config, baseline.users]);
          if (same && now === clean) {
            // Times to live begin anew, as they do at a reset.
            clean = await restoreSnapshot(own, baseline);
            return false;
          }
          baseline = { ...(await takeSnapshot(line)), scripts: !/scripts:0\b/.test(now) };
          clean = now;
          return true;
        },
        async close() {
          ready.close();
          own.disconnect();
        },
      };
      return sandbox;
    },
    async recover(_, template) {
      await restoreSnapshot(line, template);
    },
    async destroy() {
      await line.flushall('SYNC');
    },
    async destroyTemplate() {},
    async close() {
      line.disconnect();
    },
  };
}

async function takeSnapshot(line: Redis): Promise<Snapshot> {
  const keyspace = (await line.info('keyspace')).matchAll(/^db(\d+):/gm);
  const databases: Snapshot['databases'] = [];
  for (const [, number] of keyspace) {
    const entries = await replies(
      line.pipeline().select(Number(number)).callBuffer('EVAL', snapshot, 0),
    );
    databases.push({ number: Number(number), entries: inBase64(entries[1]) as Entry[] });
  }
  await line.select(0);
  const functions = (await line.callBuffer('FUNCTION', 'DUMP')) as Buffer;
  return { databases, functions: functions.toString('base64'), ...(await administration(line)) };
}

/** Resolves to the footprint of a server on which nothing has been done since. */
async function restoreSnapshot(line: Redis, template: Snapshot): Promise<string> {
  await restoreAdministration(line, template);
  const work = line.pipeline().flushall('SYNC').function('FLUSH');
  if (!template.scripts) work.script('FLUSH');
  work.function('RESTORE', Buffer.from(template.functions, 'base64'));
  for (const { number, entries } of template.databases) {
    work.select(number);
    for (const [key, ttl, payload, fields] of entries) {
      const [name, data] = [Buffer.from(key, 'base64'), Buffer.from(payload, 'base64')];
      work.restore(name, text(ttl), data);
      for (let index = 0; index < fields.length; index += 2) {
        const field = Buffer.from(fields[index]!, 'base64');
        work.call('HPEXPIRE', name, text(fields[index + 1]!), 'FIELDS', 1, field);
      }
    }
  }
  work.select(0).config('RESETSTAT').slowlog('RESET').info('persistence', 'memory');
  return footprintIn((await replies(work)).at(-1));
}

/** How often keys and functions have changed, which a save begins anew, and how many scripts are loaded. */
function footprintIn(info: unknown): string {
  const lines =
    /^rdb_(changes_since_last_save|last_save_time|saves):.*|^number_of_cached_scripts.*/gm;
  return String(info).match(lines)!.join();
}

/** Settings and users: compared first, since they seldom change. */
async function restoreAdministration(line: Redis, template: Snapshot): Promise<void> {
  const now = await administration(line);
  const changed = Object.entries(template.config).filter(
    ([name, value]) => now.config[name] !== value,
  );
  for (const [name, value] of changed) await line.config('SET', name, value);
  // `requirepass` is a setting that changes a user.
  if (changed.length === 0 && now.users.join('\n') === template.users.join('\n')) return;
  const work = line.pipeline().call('ACL', 'LIST');
  for (const user of template.users) {
    const [, name, ...rules] = user.match(/\([^)]*\)|\S+/g)!;
    work.call('ACL', 'SETUSER', name!, 'reset', ...rules);
  }
  const kept = new Set(template.users.map(userName));
  for (const user of now.users)
    if (!kept.has(userName(user))) work.call('ACL', 'DELUSER', userName(user));
  await replies(work);
}

async function administration(line: Redis): Promise<Pick<Snapshot, 'config' | 'users'>> {
  const [settings, users] = await replies(
    line.pipeline().call('REPLICAOF', 'NO', 'ONE').call('CONFIG', 'GET', '*').call('ACL', 'LIST'),
  ).then(([, ...rest]) => rest as [string[], string[]]);
  const config: Snapshot['config'] = {};
  for (let index = 0; index < settings.length; index += 2) {
    config[settings[index]!] = settings[index + 1]!;
  }
  return { config, users: [...users].sort() };
}

function userName(line: string): string {
  return line.split(' ')[1]!;
}

function inBase64(reply: unknown): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString('base64');
  return Array.isArray(reply) ? reply.map(inBase64) : reply;
}

function text(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}
