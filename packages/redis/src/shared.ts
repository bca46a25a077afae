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
import type { Place, Registry } from './registry';
import { restore, seal } from './scripts';

/** Where the baseline is kept. No place: it is empty. */
export type Template = { place: Place | null };

export interface Shared {
  endpoint: Endpoint;
  prepare: ((url: string) => unknown) | undefined;
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
      await replies(line.pipeline().select(place.database).flushdb('SYNC').select(0));
    }
  }

  return {
    async template(id) {
      if (!prepare) return { place: null };
      const place = await claim(id);
      try {
        await context.prepare(() => prepare(testUrl(endpoint, place.database)));
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
      await registry?.renew(place);
      if (template.place) await registry?.renew(template.place);
      const sandbox = new SharedSandbox(shared, place, template);
      try {
        await sandbox.open();
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
  /** The server's count of changes when this sandbox was last at its baseline. */
  private changes = '';

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

  async open(): Promise<void> {
    this.line = await connect(urlOf(this.shared.endpoint.url, this.place.database), this.name);
    // Another life of the server counts from 0 again.
    this.line.on('close', () => {
      this.changes = '';
    });
    await replies(this.restore(this.line.pipeline()));
  }

  /** One round trip, whatever was written; two on an external server. */
  async reset(): Promise<void> {
    // First, and not meanwhile: a database that is not ours any more must not be emptied.
    await this.shared.registry?.check(this.place);
    const [list, changes] = await replies(this.restore(this.line.pipeline().client('LIST')));
    this.changes = String(changes);
    // Whoever was cut off may have written once more.
    if (await this.leftovers.clear(this.line, String(list))) {
      await replies(this.restore(this.line.pipeline()));
      this.changes = '';
    }
  }

  async close(): Promise<void> {
    this.ready.close();
    this.line?.disconnect();
  }

  private restore(work: ChainableCommander): ChainableCommander {
    const { place } = this.template;
    if (!place) return work.flushdb('SYNC');
    return work.eval(restore, 0, place.database, this.place.database, this.changes);
  }
}
