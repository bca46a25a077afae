import { clearInterval, setInterval } from 'node:timers';
import { SeamkitError } from '@seamkit/core';
import type { Redis } from 'ioredis';
import { connectedOwners, permissionError } from './connection';

/*
 * Who has which database of a server that others use too. The registry is a hash in a database of
 * its own near the top: number → "owner name". Beside it every owner has a key that expires on the
 * server's clock unless its processes renew it; an owner lives as long as that, and as long as it
 * has connections (a process that stands in a debugger renews nothing). Everything is one script,
 * so machines cannot race, and the registry is gone when the last claim is.
 */

/** ms that an owner without connections counts as alive: as between two test files of a run. */
const lease = 60_000;
/** ms between words. */
const heartbeat = 15_000;

const find = `
local claims = 'seamkit:claims'
local databases, lease = tonumber(ARGV[1]), ARGV[2]
local function owns(owner) return 'seamkit:owner:' .. owner end
local function registry()
  local top, free = databases - 1, nil
  for number = top, math.max(1, top - 63), -1 do
    redis.call('SELECT', number)
    if redis.call('EXISTS', claims) == 1 then return number end
    if not free and redis.call('DBSIZE') == 0 then free = number end
  end
  return nil, free
end
local home, free = registry()
`;

/** ARGV: databases, lease, owner, name. Returns the number of an empty database, or 0. */
const claim = `${find}
home = home or free
if not home then return 0 end
for number = databases - 1, 1, -1 do
  redis.call('SELECT', home)
  if number ~= home and redis.call('HEXISTS', claims, number) == 0 then
    redis.call('SELECT', number)
    if redis.call('DBSIZE') == 0 then
      redis.call('SELECT', home)
      redis.call('HSET', claims, number, ARGV[3] .. ' ' .. ARGV[4])
      redis.call('SET', owns(ARGV[3]), 1, 'PX', lease)
      return number
    end
  end
end
return 0
`;

/** ARGV: databases, lease, owner, name, number. Renews the lease. Returns as `holds` does. */
const renew = `${find}
if not home then return 0 end
redis.call('SELECT', home)
if redis.call('HGET', claims, ARGV[5]) ~= ARGV[3] .. ' ' .. ARGV[4] then return 0 end
redis.call('SET', owns(ARGV[3]), 1, 'PX', lease)
return home
`;

const forget = `
local function forget(number, name)
  redis.call('SELECT', number)
  redis.call('FLUSHDB', 'SYNC')
  redis.call('SELECT', home)
  redis.call('DEL', 'seamkit:facts:' .. name, 'seamkit:values:' .. name)
  redis.call('HDEL', claims, number)
end
local function tidy()
  if redis.call('EXISTS', claims) == 1 then return end
  for _, key in ipairs(redis.call('KEYS', owns('*'))) do redis.call('DEL', key) end
end
`;

/**
 * ARGV: databases, lease, owner, name, number. Returns the registry's own database where the claim
 * stands, else 0.
 */
const holds = `${find}
if not home then return 0 end
redis.call('SELECT', home)
return redis.call('HGET', claims, ARGV[5]) == ARGV[3] .. ' ' .. ARGV[4] and home or 0
`;

/** ARGV: databases, lease, owner, name, number. Empties and frees a database that is claimed so. */
const release = `${find}${forget}
if not home then return 0 end
redis.call('SELECT', home)
if redis.call('HGET', claims, ARGV[5]) ~= ARGV[3] .. ' ' .. ARGV[4] then return 0 end
forget(ARGV[5], ARGV[4])
tidy()
return 1
`;

/**
 * ARGV: databases, lease, an owner whose run is over or '', connected owners. Empties and frees
 * what the dead had. Returns the names.
 */
const sweep = `${find}${forget}
local swept, connected = {}, {}
for index = 4, #ARGV do connected[ARGV[index]] = true end
if not home then return swept end
redis.call('SELECT', home)
local held = redis.call('HGETALL', claims)
for index = 1, #held, 2 do
  local owner, name = string.match(held[index + 1], '^(%S+) (%S+)$')
  redis.call('SELECT', home)
  local alive = connected[owner] or redis.call('EXISTS', owns(owner)) == 1
  if owner == ARGV[3] or not alive then
    forget(held[index], name)
    swept[#swept + 1] = name .. ' (database ' .. held[index] .. ')'
  end
end
redis.call('SELECT', home)
tidy()
return swept
`;

/** A database, and who has it. Plain data that the keeper hands from process to process. */
export type Place = { database: number; name: string; owner: string };

/** Who has which database of an external server. */
export class Registry {
  private readonly beat: NodeJS.Timeout;
  private readonly held = new Map<string, Place>();

  constructor(
    private readonly line: Redis,
    private readonly databases: number,
  ) {
    this.beat = setInterval(() => this.renewAll(), heartbeat).unref();
  }

  /** @throws SeamkitError `UNSUPPORTED` when no database is free */
  async claim(owner: string, name: string): Promise<Place> {
    const database = Number(await this.run(claim, owner, name));
    if (database === 0) {
      throw new SeamkitError(
        'UNSUPPORTED',
        `the Redis server has no free database: of its ${this.databases}, all are in use`,
        { hint: 'raise `databases` in its redis.conf, or run fewer workers' },
      );
    }
    const place = { database, name, owner };
    this.held.set(name, place);
    return place;
  }

  /** Says that its owner lives. @throws SeamkitError `STATE_INVALID`, as `check` does */
  async renew(place: Place): Promise<number> {
    const home = await this.check(place, renew);
    this.held.set(place.name, place);
    return home;
  }

  /**
   * Resolves to the registry's own database, where no test is at home.
   * @throws SeamkitError `STATE_INVALID` when the claim was lost to a pause longer than the lease
   */
  async check(place: Place, script = holds): Promise<number> {
    const home = await this.ask(place, script);
    if (home > 0) return home;
    this.held.delete(place.name);
    throw new SeamkitError(
      'STATE_INVALID',
      `database ${place.database} of the Redis server is not ours any more: its lease of ${lease / 1000} s ran out`,
      { hint: 'run the tests again; a machine that was suspended does this' },
    );
  }

  async holds(place: Place): Promise<boolean> {
    return (await this.ask(place, holds)) > 0;
  }

  async release({ owner, name, database }: Place): Promise<void> {
    this.held.delete(name);
    await this.run(release, owner, name, database);
  }

  async sweep(ended = ''): Promise<string[]> {
    const clients = (await this.line.client('LIST')) as string;
    return (await this.run(sweep, ended, ...connectedOwners(clients))) as string[];
  }

  close(): void {
    clearInterval(this.beat);
  }

  private renewAll(): void {
    // A claim that is lost shows at the next reset; a server that is away shows there, too.
    for (const place of this.held.values()) this.renew(place).catch(() => {});
  }

  private async ask({ owner, name, database }: Place, script: string): Promise<number> {
    return Number(await this.run(script, owner, name, database));
  }

  private async run(script: string, ...args: (string | number)[]): Promise<unknown> {
    try {
      return await this.line.eval(script, 0, this.databases, lease, ...args);
    } catch (error) {
      if (!/NOPERM|can't run this command/.test(String(error))) throw error;
      throw permissionError('the Redis user may not do what the kit needs', error);
    }
  }
}
