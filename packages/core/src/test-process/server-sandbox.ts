import type { Driver, TestInfo } from '../contract';
import { SeamkitError } from '../errors';
import { print } from '../print';
import type { HeldSandbox } from '../protocol/messages';
import { millisecondsOf } from '../variables';
import { within } from '../within';
import {
  type EnsuredServer,
  endOfServer,
  ensureServer,
  type ServerBoundary,
} from './ensure-server';
import type { KeeperConnection } from './keeper-connection';
import { type Held, Leases } from './leases';
import { type Place, sandboxContext } from './sandbox-context';

/** ms to wait for the end of a server that does not answer any more. */
const silent = 5_000;
const resetTimeoutDefault = 30_000;
/** ms that ending the kit's own clients may take. */
const closePatience = 5_000;
/**
 * A sandbox on a server, as one test file holds it: from the choice of the runtime to the release.
 * Its calls are made one at a time.
 */
export class ServerSandbox {
  private held: Held | undefined;
  private driver: Driver<object> | undefined;
  private server: EnsuredServer | undefined;
  private leases: Leases | undefined;
  /** Set once the file's own baseline cannot be made again. */
  private lost: SeamkitError | undefined;
  /** Work that no test waits for: spares, and what is thrown away. */
  private readonly background = new Set<Promise<void>>();

  constructor(
    private readonly boundary: ServerBoundary,
    private readonly keeper: KeeperConnection,
    private readonly place: Place,
  ) {}

  get members(): object {
    return this.held!.sandbox.members;
  }

  /** Where its server listens. */
  get port(): number {
    return Number(new URL(this.server!.endpoint.url).port);
  }

  /** @throws SeamkitError whatever kept it from opening; nothing is held then */
  async open(): Promise<void> {
    try {
      await this.connect();
      this.held = await this.leases!.acquire();
    } catch (error) {
      await closed(() => this.driver?.close());
      const end = this.server && (await endOfServer(this.server));
      if (!end) throw error;
      const { code, summary, ...details } = end.toData();
      throw new SeamkitError(code, summary, { ...details, cause: error });
    }
  }

  async verify(test: TestInfo): Promise<void> {
    await this.held?.sandbox.verify?.(test);
  }

  /**
   * What is there now is the baseline from now on.
   * @throws SeamkitError `UNSUPPORTED` where the kit has no such thing, `BASELINE_LOST`, or what the
   * kit has against it
   */
  async setBaseline(): Promise<void> {
    if (this.lost) throw this.lost;
    const { held } = this;
    if (!held?.sandbox.setBaseline) throw noOwnBaseline(this.place.boundary);
    try {
      if (await inTime(() => held.sandbox.setBaseline!())) held.moved = true;
    } catch (error) {
      if (error instanceof SeamkitError) throw error;
      throw await this.lose(held, error);
    }
  }

  /** Before a file's first test: what its hooks wrote is its baseline, where the kit has such a thing. */
  async begin(test: TestInfo): Promise<void> {
    await (this.lost || this.held?.sandbox.setBaseline ? this.setBaseline() : this.reset(test));
  }

  /** For another file: the template's baseline, whatever the last file has set. The url stays. */
  async startOver(): Promise<void> {
    const { held } = this;
    if (!held?.moved) {
      await this.reset({});
      return;
    }
    this.held = undefined;
    await closed(() => held.sandbox.close());
    try {
      await this.driver!.recover(held.data, held.template);
      const sandbox = await this.driver!.open(held.data, held.template);
      this.held = { ...held, sandbox, moved: false };
    } catch (error) {
      await this.leases!.release(held, 'dirty').catch(() => {}); // its server is gone
      await this.beginAgain(error as Error);
    }
  }

  /**
   * To the baseline, in this sandbox or in another. Resolves to true where the kit knows that it undid
   * something. @throws SeamkitError `BASELINE_LOST`
   */
  async reset(test: TestInfo): Promise<boolean> {
    if (this.lost) throw this.lost;
    const { held } = this;
    if (!held) {
      await this.renew(); // the last reset found none
      return false;
    }
    let broken: unknown;
    const result = await inTime(() => held.sandbox.reset(test)).catch((error) => {
      broken = error;
    });
    if (!broken && result !== 'spent') return result === true;
    if (held.moved) throw await this.lose(held, broken);
    this.held = undefined;
    await closed(() => held.sandbox.close());
    if (broken) {
      await this.beginAgain(broken as Error);
      return false;
    }
    this.inBackground(this.leases!.throwAway(held));
    if (!held.session.alive) await this.reconnect();
    this.held = await this.leases!.acquire();
    return false;
  }

  /** Gives the sandbox back, at its template's baseline or to be recovered. */
  async close(): Promise<void> {
    const held = this.held;
    this.held = undefined;
    if (held) {
      const reset =
        !held.moved &&
        (await inTime(() => held.sandbox.reset({})).then(
          (result) => result !== 'spent',
          () => false,
        ));
      await closed(() => held.sandbox.close());
      await this.leases!.release(held, reset ? 'clean' : 'dirty').catch(() => {}); // the keeper is gone, and all with it
    }
    await closed(() => Promise.all(this.background));
    await closed(() => this.driver?.close());
  }

  /** Ends this process' part in it and leaves the sandbox as it is, held by the keeper. */
  async leave(
    describe: (members: object, server: EnsuredServer) => HeldSandbox,
  ): Promise<HeldSandbox> {
    const { session, sandbox } = this.held!;
    const held = describe(sandbox.members, this.server!);
    await sandbox.close();
    await Promise.all(this.background);
    await this.driver?.close();
    await session.call('/hold', { held });
    this.held = undefined;
    return held;
  }

  /** Ensures the server and connects the driver. */
  private async connect(): Promise<void> {
    const { kit, options } = this.boundary;
    const server = await ensureServer(this.boundary, this.keeper, this.place.boundary);
    const { session, runtime, endpoint } = server;
    const context = sandboxContext(this.boundary, runtime, session.owner, this.place);
    this.server = server;
    this.driver = await kit.driver(endpoint, options, context);
    this.leases = new Leases(this.boundary, this.place.boundary, server, this.driver, (work) =>
      this.inBackground(work),
    );
  }

  /** After a reset that failed: the server that died, or its keeper, took everything along. */
  private async beginAgain(broken: Error): Promise<void> {
    const former = this.server!;
    const { boundary, test } = this.place;
    let end = await endOfServer(former, 0);
    let renewed = false;
    if (!end) {
      const failure = await this.renew().catch((error) => ({ error }));
      // The keeper may have heard of the end later than we met it.
      end = await endOfServer(former, failure ? silent : 0);
      if (!end && failure) throw failure.error;
      renewed = !failure;
    }
    if (!end) {
      print('warn', `${boundary}: replaced, since it could not be reset: ${broken.message}`);
      return;
    }
    const during = test.name ? ` (in "${test.name}")` : '';
    if (this.keeper.isNews(`end ${former.session.id} ${former.life}`)) {
      print('warn', `${boundary}${during}: ${end.message}`);
    }
    print('info', `${boundary}: goes on with a new server`);
    if (!renewed) await this.renew();
  }

  /** What hooks wrote cannot be made again: all that follows in this file hears of it. */
  private async lose(held: Held, broken: unknown): Promise<SeamkitError> {
    this.held = undefined;
    await closed(() => held.sandbox.close());
    await this.leases!.release(held, 'dirty').catch(() => {}); // its server is gone
    const cause = (await endOfServer(this.server!)) ?? broken;
    this.lost = baselineLost(this.place.boundary, cause);
    return this.lost;
  }

  private async renew(): Promise<void> {
    await this.reconnect();
    this.held = await this.leases!.acquire();
  }

  private async reconnect(): Promise<void> {
    await closed(() => this.driver?.close());
    this.driver = undefined;
    await this.connect();
  }

  private inBackground(work: Promise<void>): void {
    const quiet = work
      .catch((error) =>
        print('info', `${this.place.boundary}: in the background: ${error.message}`),
      )
      .finally(() => this.background.delete(quiet));
    this.background.add(quiet);
  }
}

/** Clients whose server is gone may wait for its last word for ever. */
async function closed(work: () => Promise<unknown> | undefined): Promise<void> {
  await within(closePatience, work, () => new Error('not closed')).catch(() => {});
}

/** A server that neither answers nor ends must not hold up a run. */
function inTime<R>(work: () => Promise<R>): Promise<R> {
  const ms = millisecondsOf('SEAMKIT_RESET_TIMEOUT', resetTimeoutDefault);
  return within(
    ms,
    work,
    () =>
      new SeamkitError('RESET_FAILED', `the server did not answer a reset within ${ms} ms`, {
        hint: 'look at its log: npx seamkit logs <kit>; if it is only slow, raise SEAMKIT_RESET_TIMEOUT (ms)',
      }),
  );
}

export function noOwnBaseline(boundary: string): SeamkitError {
  return new SeamkitError('UNSUPPORTED', `${boundary}: its kit has no baseline that can be set`, {
    hint: 'write it before each test, in a beforeEach',
  });
}

export function baselineLost(boundary: string, cause: unknown): SeamkitError {
  const why = (cause as Error | undefined)?.message ?? 'its sandbox can be used once only';
  return new SeamkitError(
    'BASELINE_LOST',
    `${boundary}: what this file's hooks wrote is lost, since its sandbox had to be replaced: ${why}`,
    { hint: 'write it in prepare, which runs again on a new server', cause },
  );
}
