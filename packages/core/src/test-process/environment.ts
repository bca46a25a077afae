import type { Boundary, TestInfo } from '../contract';
import { SeamkitError } from '../errors';
import { print } from '../print';
import { KeeperConnection } from './keeper-connection';
import { LeftConnections } from './left-connections';
import { LocalSandbox } from './local-sandbox';
import type { Place } from './sandbox-context';
import { ServerSandbox } from './server-sandbox';

/** Boundaries by the names that a test file gives them. */
export type Boundaries = Record<string, Boundary<any>>;

/** What the tests get, by the same names. */
export type Environment<B extends Boundaries> = {
  readonly [Name in keyof B]: B[Name] extends Boundary<infer Members> ? Members : never;
};

/** All boundaries of one test file: opened, reset and closed together, in parallel. */
export class OpenBoundaries<B extends Boundaries> {
  /** What the tests get. Its members throw `NOT_STARTED` outside of tests and hooks. */
  readonly members = {} as Environment<B>;
  private readonly keeper = new KeeperConnection();
  private readonly places: Place[] = [];
  private readonly sandboxes: (ServerSandbox | LocalSandbox)[] = [];
  private state: 'new' | 'open' | 'closed' = 'new';
  private atBaseline = false;
  private readonly connections = new LeftConnections();

  /** @throws SeamkitError `OPTION_INVALID` */
  constructor(boundaries: B) {
    for (const [name, boundary] of Object.entries(boundaries)) {
      checkName(name, boundary);
      const place: Place = { boundary: name, test: {} };
      const sandbox =
        'plan' in boundary.kit
          ? new ServerSandbox(
              boundary as ConstructorParameters<typeof ServerSandbox>[0],
              this.keeper,
              place,
            )
          : new LocalSandbox(boundary as ConstructorParameters<typeof LocalSandbox>[0], place);
      this.places.push(place);
      this.sandboxes.push(sandbox);
      Object.defineProperty(this.members, name, {
        enumerable: true,
        get: () => {
          if (this.state === 'open') return sandbox.members;
          throw notOpen(name, this.state);
        },
      });
    }
  }

  /** Opens all, in parallel; where one fails, none stays open. @throws SeamkitError of the first that failed */
  async open(): Promise<void> {
    const results = await Promise.allSettled(this.sandboxes.map((sandbox) => sandbox.open()));
    const failures = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason] : [],
    );
    if (failures.length) {
      await Promise.allSettled(
        this.sandboxes.map(
          (sandbox, index) => results[index]!.status === 'fulfilled' && sandbox.close(true),
        ),
      );
      await this.keeper.close();
      throw failures.length === 1 ? failures[0] : combined(failures);
    }
    this.state = 'open';
  }

  /** A test begins: from now on something may be written. */
  async begin(test: TestInfo): Promise<void> {
    if (this.state !== 'open') return;
    // Whatever hooks wrote before the first test is gone too, as it would be before the second.
    if (!this.atBaseline) await this.reset(test);
    for (const place of this.places) place.test = test;
    this.atBaseline = false;
    this.connections.begin();
  }

  /** A test ended: back to the baseline. @throws what a boundary found wrong with the test */
  async end(test: TestInfo): Promise<void> {
    if (this.state !== 'open') return;
    this.connections.end(test.name);
    const verified = await Promise.allSettled(
      this.sandboxes.map((sandbox) => sandbox.verify(test)),
    );
    await this.reset(test);
    const complaints = verified.flatMap((result) =>
      result.status === 'rejected' ? [result.reason] : [],
    );
    if (complaints.length) throw complaints.length === 1 ? complaints[0] : combined(complaints);
  }

  async reset(test: TestInfo = {}): Promise<void> {
    await Promise.all(this.sandboxes.map((sandbox) => sandbox.reset(test)));
    this.atBaseline = true;
    for (const place of this.places) place.test = {};
  }

  /** Gives everything back. Idempotent. */
  async close(): Promise<void> {
    if (this.state !== 'open') return;
    this.state = 'closed';
    await Promise.allSettled(this.sandboxes.map((sandbox) => sandbox.close(this.atBaseline)));
    this.nameLeaks();
    await this.keeper.close();
  }

  private nameLeaks(): void {
    for (const [index, sandbox] of this.sandboxes.entries()) {
      if (!(sandbox instanceof ServerSandbox)) continue;
      const left = this.connections.to(sandbox.port);
      if (left.size === 0) continue;
      const tests = [...left].map(([test, count]) => `"${test}" (${count})`).join(', ');
      // One test's may be those by which a pool once grew; of several tests they are a leak.
      print(
        left.size > 1 ? 'warn' : 'info',
        `${this.places[index]!.boundary}: left open, and used by no later test: connections of ${tests}`,
      );
    }
  }
}

function checkName(name: string, boundary: unknown): void {
  if (['close', 'reset', 'changes'].includes(name)) {
    throw new SeamkitError('OPTION_INVALID', `a boundary cannot be named '${name}'`, {
      hint: 'give it a name of its own, such as db or cache',
    });
  }
  if (typeof boundary !== 'object' || boundary === null || !('kit' in boundary)) {
    throw new SeamkitError('OPTION_INVALID', `'${name}' is not a boundary`, {
      hint: `call the kit: ${name}: postgres({ … }), not postgres`,
    });
  }
}

function notOpen(name: string, state: string): SeamkitError {
  return state === 'closed'
    ? new SeamkitError('NOT_STARTED', `env.${name} is closed`, {
        hint: 'use it in tests and hooks only; in afterAll it has been given back already',
      })
    : new SeamkitError('NOT_STARTED', `env.${name} has not started`, {
        hint: 'use it inside a test or a hook; at the top of the file nothing runs yet',
      });
}

/** Several at once: the first, with what else the others said. */
function combined(failures: any[]): unknown {
  const [first] = failures;
  const [, ...others] = new Set(failures.map((failure) => failure?.message ?? String(failure)));
  if (first instanceof Error) for (const other of others) first.message += `\nAlso: ${other}`;
  return first;
}
