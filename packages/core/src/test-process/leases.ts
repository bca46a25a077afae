import type { Driver, Json, Sandbox, SandboxId } from '../contract';
import { SeamkitError } from '../errors';
import { fingerprint } from '../fingerprint';
import { print } from '../print';
import type { Discarded, Lease } from '../protocol/messages';
import { currentRun } from './current-run';
import type { EnsuredServer, ServerBoundary } from './ensure-server';
import type { KeeperSession } from './keeper-session';

/** How many sandboxes are tried, where one after the other turns out to be broken. */
const attempts = 3;

type GivenLease = Exclude<Lease, { state: 'template' }>;
type NewLease = Extract<Lease, { state: 'new' }>;

/** A sandbox that this process has open. */
export interface Held {
  session: KeeperSession;
  server: string;
  id: SandboxId;
  data: Json;
  template: Json;
  sandbox: Sandbox<object>;
  /** Its baseline is the file's own, not the template's. */
  moved?: boolean;
}

/** Gets a boundary's sandboxes from the keeper's pool, by one connection of the driver. */
export class Leases {
  constructor(
    private readonly boundary: ServerBoundary,
    /** The boundary's own name. */
    private readonly name: string,
    private readonly server: EnsuredServer,
    private readonly driver: Driver<object>,
    /** For work that no test waits for. */
    private readonly inBackground: (work: Promise<void>) => void,
  ) {}

  /** Leases a sandbox and opens it; makes the template and the sandbox where they are missing. */
  async acquire(): Promise<Held> {
    const { session, key: server } = this.server;
    const { driver } = this;
    const { plan, options } = this.boundary;
    const template = fingerprint([plan.baseline, options.key], currentRun());
    for (let attempt = 1; ; ) {
      const lease = await session.call('/lease', { server, template });
      if (lease.state === 'template') {
        await this.makeTemplate(session, server, template, lease.id);
        continue;
      }
      for (const discarded of lease.discard) this.inBackground(discard(driver, discarded));
      try {
        const held = await this.take(session, server, lease);
        if (plan.spares) this.inBackground(this.addSpares(session, server, template, plan.spares));
        return held;
      } catch (error) {
        const templateGone = await this.abandon(session, server, lease);
        // Nothing makes a new one work the second time, unless there was no template.
        if ((lease.state === 'new' && !templateGone) || attempt++ >= attempts) throw error;
        print(
          'info',
          `${this.name}: sandbox ${lease.id.name} is unusable: ${(error as Error).message}`,
        );
      }
    }
  }

  private async makeTemplate(
    session: KeeperSession,
    server: string,
    template: string,
    id: SandboxId,
  ) {
    try {
      const data = await this.driver.template(id);
      await session.call('/template', { server, template, data });
    } catch (error) {
      const failure = SeamkitError.wrap(
        error,
        'PREPARE_FAILED',
        `${this.name}: the baseline could not be made`,
      );
      await session
        .call('/template', { server, template, error: failure.toData() })
        .catch(() => {});
      throw failure;
    }
  }

  private async take(session: KeeperSession, server: string, lease: GivenLease): Promise<Held> {
    const { driver } = this;
    const data = lease.state === 'new' ? await this.create(session, server, lease) : lease.sandbox;
    try {
      if (lease.state === 'dirty') await driver.recover(data, lease.template);
      const sandbox = await driver.open(data, lease.template);
      return { session, server, id: lease.id, data, template: lease.template, sandbox };
    } catch (error) {
      await driver.destroy(data).catch(() => {}); // the first error counts
      throw error;
    }
  }

  private async create(session: KeeperSession, server: string, lease: NewLease): Promise<Json> {
    const data = await this.driver.create(lease.id, lease.template);
    await session.call('/sandbox', { server, name: lease.id.name, data });
    return data;
  }

  /** Says that a sandbox could not be used, and is gone. @returns whether its template is, too */
  private async abandon(
    session: KeeperSession,
    server: string,
    { state, id, template }: GivenLease,
  ): Promise<boolean> {
    // The error that is on its way counts, not what follows from it.
    const there = state !== 'new' || this.driver.hasTemplate?.(template).catch(() => true);
    const templateGone = (await there) === false;
    const release = { server, name: id.name, state: 'gone', templateGone } as const;
    await session.call('/release', release).catch(() => {});
    return templateGone;
  }

  private async addSpares(
    session: KeeperSession,
    server: string,
    template: string,
    spares: number,
  ): Promise<void> {
    for (;;) {
      const lease = await session.call('/spare', { server, template, spares });
      if (lease?.state !== 'new') return;
      try {
        await this.create(session, server, lease);
      } catch (error) {
        await this.abandon(session, server, lease);
        throw error;
      }
      await session.call('/release', { server, name: lease.id.name, state: 'clean' });
    }
  }

  /** Removes a sandbox that is of no more use. */
  async throwAway(held: Held): Promise<void> {
    await this.driver.destroy(held.data);
    await this.release(held, 'gone');
  }

  async release({ session, server, id }: Held, state: 'clean' | 'dirty' | 'gone'): Promise<void> {
    await session.call('/release', { server, name: id.name, state });
  }
}

async function discard(driver: Driver<object>, { template, sandboxes }: Discarded): Promise<void> {
  await Promise.all(sandboxes.map((sandbox) => driver.destroy(sandbox)));
  await driver.destroyTemplate(template);
}
