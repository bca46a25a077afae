import { type Driver, type Endpoint, type SandboxContext, SeamkitError } from '@seamkit/core';
import type { Redis } from 'ioredis';
import { connect, connectionName, urlOf } from './connection';
import { exclusiveDriver } from './exclusive';
import type { RedisMembers } from './members';
import type { RedisOptions } from './options';
import { Registry } from './registry';
import { sharedDriver } from './shared';

/** Connects to the endpoint, and sees that it is a server that the kit can work on. */
export async function connectDriver(
  endpoint: Endpoint,
  { prepare, exclusive }: RedisOptions,
  context: SandboxContext,
): Promise<Driver<RedisMembers, any, any>> {
  const external = context.runtime === 'external';
  if (external && exclusive) {
    throw new SeamkitError('UNSUPPORTED', 'an external Redis server cannot be exclusive', {
      hint: "give this boundary runtime: 'process' or 'container'",
    });
  }
  const line = await connect(urlOf(endpoint.url, 0), connectionName('driver', context.owner));
  try {
    await checkKind(line);
    const registry = external ? new Registry(line, await countDatabases(line)) : undefined;
    const shared = { endpoint, prepare, context, line, registry };
    return exclusive ? exclusiveDriver(shared) : sharedDriver(shared);
  } catch (error) {
    line.disconnect();
    throw error;
  }
}

/** @throws SeamkitError `UNSUPPORTED`, `SERVER_MISMATCH` */
async function checkKind(line: Redis): Promise<void> {
  const reply = (await line.call('HELLO', '3').catch(() => [])) as unknown[];
  const told = (name: string) => String(reply[reply.indexOf(name) + 1] ?? '');
  const [major = 0, minor = 0] = told('version').split('.').map(Number);
  if (!reply.includes('version') || major < 6 || (major === 6 && minor < 2)) {
    throw new SeamkitError('SERVER_MISMATCH', 'the server is older than Redis 6.2', {
      hint: 'use Redis 6.2 or newer, or Valkey',
    });
  }
  if (told('mode') === 'cluster') {
    throw new SeamkitError(
      'UNSUPPORTED',
      'the Redis server is a cluster, which has database 0 only',
      {
        hint: 'use a server without cluster-enabled: each test file gets a logical database of its own',
      },
    );
  }
  if (told('mode') === 'sentinel') {
    throw new SeamkitError('SERVER_MISMATCH', 'this is a Redis Sentinel, which holds no data', {
      hint: 'give the url of the primary that it watches',
    });
  }
  if (told('role') !== 'master') {
    throw new SeamkitError('UNSUPPORTED', 'the Redis server is a read-only replica', {
      hint: 'give the url of its primary',
    });
  }
}

/** How many logical databases the server has; found by trying where `CONFIG` is refused. */
async function countDatabases(line: Redis): Promise<number> {
  const told = await line.config('GET', 'databases').catch(() => undefined);
  if (told) return Number((told as string[])[1]);
  let [exists, limit] = [0, 1 << 20];
  while (exists + 1 < limit) {
    const number = (exists + limit) >> 1;
    const there = await line.select(number).then(
      () => true,
      () => false,
    );
    if (there) exists = number;
    else limit = number;
  }
  await line.select(0);
  return exists + 1;
}
