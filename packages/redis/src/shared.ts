import {
  type Driver,
  type Endpoint,
  type Sandbox,
  type SandboxContext,
  type SandboxId,
  SeamkitError,
} from '@seamkit/core';
import type { ChainableCommander, Redis } from 'ioredis';
import { killAllIn } from './clients';
import { connect, connectionName, replies, urlOf } from './connection';
import { Leftovers } from './leftovers';
import { makeMembers, ReadyClient, type RedisMembers } from './members';
import type { RedisOptions } from './options';
import type { Place, Registry } from './registry';
import { capture, ownBaseline, restore } from './restore';
import { seal } from './scripts';

/** Where the template's baseline is kept. No place: it is empty. */
export type Template = { place: Place | null };

export interface Shared {
  endpoint: Endpoint;
  prepare: RedisOptions['prepare'];
  context: SandboxContext;
  line: Redis;
  /** On an external server; on one of our own the numbers are the keeper's. */
  registry: Registry | undefined;
}

/** One logical database for each sandbox, and one for each template, of a server that all share. */
export function sharedDriver(shared: Shared): Driver<RedisMembers, Template, Place> {
  const { endpoint, prepare, context, line, registry } = shared;

  async function claim({ owner, name, index }: SandboxId): Promise<Place> {
    if (registry) return registry.claim(owner, name);
    if (index < Number(endpoint.databases)) return { database: index, name, owner };
    throw new SeamkitError('UNSUPPORTED', `all ${endpoint.databases} databases are in use`, {
      hint: 'end the run (seamkit down) and begin another',
    });
  }

  async function free(place: Place): Promise<void> {
    if (registry) {
      if (await registry.holds(place)) await killAllIn(line, place.database);
      await registry.release(place);
    } else {
      await killAllIn(line, place.database);
      const work = line.pipeline().del(...ownBaseline(place.name));
      await replies(work.select(place.database).flushdb('SYNC').select(0));
    }
  }

  return {
    async template(id) {
      if (!prepare) return { place: null };
      const place = await claim(id);
      try {
        await context.prepare((signal) => prepare(testUrl(endpoint, place.database), { signal }));
        await killAllIn(line, place.database);
        const keys = Number(await line.eval(seal, 0, place.database));
        if (keys > 0) return { place };
      } catch (error) {
        await free(place).catch(() => {}); // the server is gone, and this with it
        throw error;
      }
      await free(place);
      return { place: null };
    },
    // It is filled when it is opened, so that the times of its keys count from there.
    create: claim,
    async open(place, template) {
      const home = (await registry?.renew(place)) ?? 0;
      if (template.place) await registry?.renew(template.place);
      const sandbox = new SharedSandbox(shared, place, template);
      try {
        await sandbox.open(home);
        return sandbox;
      } catch (error) {
        await sandbox.close();
        throw error;
      }
    },
    recover: (place) => killAllIn(line, place.database),
    destroy: free,
    hasTemplate: async ({ place }) => !place || !registry || registry.holds(place),
    async destroyTemplate({ place }) {
      if (place) await free(place);
    },
    ...(registry && { sweep: (ended?: string) => registry.sweep(ended) }),
    async close() {
      registry?.close();
      line.disconnect();
    },
  };
}

/** What tests connect with: on a server of ours a user who cannot reach the neighbours. */
function testUrl(endpoint: Endpoint, database: number): string {
  const access = endpoint.shared as { username: string; password: string } | undefined;
  return urlOf(endpoint.url, database, access);
}

class SharedSandbox implements Sandbox<RedisMembers> {
  readonly members: RedisMembers;
  private readonly name: string;
  private readonly ready: ReadyClient;
  private readonly leftovers: Leftovers;
  private line!: Redis;
  /** The file has a baseline of its own. */
  private moved = false;
  /** The server's count of changes when this sandbox was last at its baseline, and its clock then. */
  private last = { changes: '', time: '0' };

  constructor(
    private readonly shared: Shared,
    private readonly place: Place,
    private readonly template: Template,
  ) {
    const { endpoint, context } = shared;
    const { database, owner } = place;
    const url = testUrl(endpoint, database);
    this.name = connectionName('reset', owner);
    this.ready = new ReadyClient(url);
    this.leftovers = new Leftovers(context.warn, this.name, this.ready, database);
    this.members = makeMembers(url, this.ready, () => this.line);
  }

  /** @param home the database that has the files' own baselines */
  async open(home: number): Promise<void> {
    const { database, name } = this.place;
    this.line = await connect(urlOf(this.shared.endpoint.url, database), this.name);
    // Another life of the server counts from 0 again.
    this.line.on('close', () => {
      this.last.changes = '';
    });
    // What the last holder's hooks wrote is not this one's.
    const work = this.line
      .pipeline()
      .select(home)
      .del(...ownBaseline(name))
      .select(database);
    this.note((await replies(this.restore(work, home))).at(-1));
  }

  /** One round trip, whatever was written; two on an external server. */
  async reset(): Promise<void> {
    const home = await this.home();
    const [list, reply] = await replies(this.restore(this.line.pipeline().client('LIST'), home));
    this.note(reply);
    // Whoever was cut off may have written once more.
    if (await this.leftovers.clear(this.line, String(list))) {
      this.last.changes = '';
      this.note((await replies(this.restore(this.line.pipeline(), home)))[0]);
    }
  }

  /** As many round trips as a reset. */
  async setBaseline(): Promise<boolean> {
    const home = await this.home();
    const work = this.line.pipeline().client('LIST');
    const [list, reply] = await replies(work.eval(capture, 0, ...this.arguments(home)));
    this.leftovers.stay(String(list));
    return this.note(reply);
  }

  async close(): Promise<void> {
    this.ready.close();
    this.line?.disconnect();
  }

  /** Asked first, and not meanwhile: a database that is not ours any more must not be emptied. */
  private async home(): Promise<number> {
    return (await this.shared.registry?.check(this.place)) ?? 0;
  }

  private restore(work: ChainableCommander, home: number): ChainableCommander {
    if (!this.template.place && !this.moved) return work.flushdb('SYNC');
    return work.eval(restore, 0, ...this.arguments(home));
  }

  private arguments(home: number): (string | number)[] {
    const { place, template, moved, last } = this;
    const from = template.place?.database ?? '';
    const flag = moved ? 1 : 0;
    return [from, place.database, home, ...ownBaseline(place.name), flag, last.changes, last.time];
  }

  /** Keeps what a script returns for the next one. Returns whether anything differed. */
  private note(reply: unknown): boolean {
    if (!Array.isArray(reply)) return false; // an empty database has been emptied
    const [differed, moved, changes, time] = reply;
    this.moved = moved === 1;
    this.last = { changes, time };
    return differed === 1;
  }
}
