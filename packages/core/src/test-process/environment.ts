import type { Boundary, TestInfo } from '../contract';
import { print } from '../print';
import { checkVariables } from '../variables';
import { whileAwake } from './awake';
import { type Config, isConfig, Variables } from './config';
import { KeeperConnection } from './keeper-connection';
import { LeftConnections } from './left-connections';
import { LocalSandbox } from './local-sandbox';
import { completed, RunningCalls, type Verbs } from './members';
import { checkName, concurrent, nameCalls, notOpen } from './misuse';
import type { Place } from './sandbox-context';
import { ServerSandbox } from './server-sandbox';

/** Boundaries by the names that a test file gives them. */
export type Boundaries = Record<string, Boundary<any>>;

/** What the tests get, by the same names. */
export type Environment<B extends Boundaries> = {
  readonly [Name in keyof B]: B[Name] extends Boundary<infer Members> ? Members & Verbs : never;
};

/** How many tests a line names. */
const mostNamed = 5;

/** One boundary of the file. */
interface Part {
  place: Place;
  sandbox: ServerSandbox | LocalSandbox;
  calls: RunningCalls;
  verbs: Verbs;
  /** The last call on the sandbox: there is one at a time. */
  turn: Promise<unknown>;
}

/** All boundaries of one test file: opened, reset and closed together, in parallel. */
export class OpenBoundaries<B extends Boundaries> {
  /** What the tests get. Its members throw `NOT_STARTED` outside of tests and hooks. */
  readonly members = {} as Environment<B>;
  private readonly keeper = new KeeperConnection();
  private readonly parts: Part[] = [];
  private readonly connections = new LeftConnections();
  private readonly variables = new Variables();
  private readonly variablesOf: Config<B>['variables'];
  private state: 'new' | 'open' | 'closed' = 'new';
  /** What kept it from opening. */
  private failure: unknown;
  /** The first test has begun. */
  private begun = false;
  /** The `describe` whose `beforeAll` has run since the last test, and whether one was named. */
  private nested: string | undefined;
  private nestedNamed = false;
  /** The name of the test that runs, where they may not run at the same time. */
  private running: string | undefined;

  /**
   * @param every what a reset comes before: each test, or only the file
   * @throws SeamkitError `OPTION_INVALID`
   */
  constructor(
    source: B | Config<B>,
    private readonly every: 'test' | 'file' = 'test',
  ) {
    checkVariables();
    const config = isConfig(source) ? (source as Config<B>) : { boundaries: source as B };
    this.variablesOf = config.variables;
    for (const [name, boundary] of Object.entries(config.boundaries)) {
      checkName(name, boundary);
      const place: Place = { boundary: name, test: {} };
      const sandbox =
        boundary.kit.kind === 'server'
          ? new ServerSandbox(
              boundary as ConstructorParameters<typeof ServerSandbox>[0],
              this.keeper,
              place,
            )
          : new LocalSandbox(boundary as ConstructorParameters<typeof LocalSandbox>[0], place);
      const part: Part = {
        place,
        sandbox,
        calls: new RunningCalls(),
        verbs: {
          reset: () => inTurn(part, async () => void (await sandbox.reset(place.test))),
          setBaseline: () => inTurn(part, () => sandbox.setBaseline()),
        },
        turn: Promise.resolve(),
      };
      this.parts.push(part);
      Object.defineProperty(this.members, name, {
        enumerable: true,
        get: () => {
          if (this.failure) throw this.failure;
          if (this.state !== 'open') throw notOpen(name, this.state);
          return completed(sandbox.members, part.verbs, part.calls);
        },
      });
    }
  }

  /** Opens all, in parallel; where one fails, none stays open. @throws SeamkitError of the first that failed */
  async open(): Promise<void> {
    const opening = Promise.allSettled(this.parts.map(({ sandbox }) => sandbox.open()));
    const results = await whileAwake(() => opening);
    try {
      throwFailures(results);
    } catch (error) {
      await Promise.allSettled(
        this.parts.map(
          ({ sandbox }, index) => results[index]!.status === 'fulfilled' && sandbox.close(),
        ),
      );
      await this.keeper.close();
      this.failure = error;
      throw error;
    }
    this.state = 'open';
    this.setVariables();
  }

  get isClosed(): boolean {
    return this.state === 'closed';
  }

  /** Another file begins, in boundaries that the last one had. */
  async beginFile(): Promise<void> {
    if (this.state !== 'open' || !this.begun) return;
    await this.each(({ sandbox }) => sandbox.startOver());
    this.setVariables();
    this.begun = false;
    this.nested = undefined;
    this.nestedNamed = false;
  }

  /**
   * A `beforeAll` of a `describe` begins, after the file's first test. What it writes cannot become the
   * baseline; once what the last test wrote is undone, it can be told apart.
   */
  async beginNested(describe: string): Promise<void> {
    if (this.state !== 'open' || !this.begun || this.every === 'file' || this.nestedNamed) return;
    if (this.nested === undefined) await this.reset();
    this.nested = describe;
  }

  /**
   * A test begins. What its file's hooks wrote before the first one is the baseline; before the
   * others, what the last test and the hooks after it wrote is undone.
   */
  async begin(test: TestInfo): Promise<void> {
    if (this.state !== 'open') return;
    if (this.every === 'test') {
      if (this.running !== undefined) throw concurrent(test, this.running);
      this.running = test.name ?? '';
    }
    try {
      if (!this.begun) await this.each(({ sandbox }) => sandbox.begin(test));
      else if (this.every === 'test') this.nameNested(await this.undo());
    } catch (error) {
      this.running = undefined; // a runner may leave out our afterEach
      throw error;
    }
    this.begun = true;
    for (const { place } of this.parts) place.test = test;
    this.connections.begin();
  }

  /** A test ended. @throws what a boundary found wrong with it */
  async end(test: TestInfo): Promise<void> {
    if (this.state !== 'open') return;
    this.running = undefined;
    this.connections.end(test.name);
    for (const { place, calls } of this.parts) nameCalls(place.boundary, calls.take(), test);
    await this.each(({ sandbox }) => sandbox.verify(test));
  }

  /** Everything back to the baseline. */
  async reset(): Promise<void> {
    await this.undo();
  }

  /** The same. Resolves to the boundaries where something is known to have been undone. */
  private async undo(): Promise<string[]> {
    const undone: string[] = [];
    await this.each(async ({ sandbox, place }) => {
      if (await sandbox.reset(place.test)) undone.push(place.boundary);
    });
    for (const { place } of this.parts) place.test = {};
    this.setVariables(); // a sandbox may have been replaced by another
    return undone;
  }

  private nameNested(undone: string[]): void {
    const { nested } = this;
    this.nested = undefined;
    if (nested === undefined || undone.length === 0) return;
    this.nestedNamed = true;
    print(
      'warn',
      `${undone.join(', ')}: undone before the next test: what the beforeAll of "${nested}" wrote. Write it in a beforeAll at the top of the file, in a beforeEach, or call use() inside of that describe`,
    );
  }

  /** What is there now is the baseline from now on. */
  async setBaseline(): Promise<void> {
    await this.each(({ sandbox }) => sandbox.setBaseline());
  }

  /** Gives everything back. Idempotent. */
  async close(): Promise<void> {
    if (this.state !== 'open') return;
    this.state = 'closed';
    this.variables.restore();
    await this.each(({ sandbox }) => sandbox.close()).catch(() => {});
    this.nameLeaks();
    await this.keeper.close();
  }

  private setVariables(): void {
    if (this.variablesOf) this.variables.set(this.variablesOf(this.members));
  }

  /** On each boundary at once; waits for all. @throws what one threw, or an `AggregateError` */
  private async each(work: (part: Part) => Promise<void>): Promise<void> {
    throwFailures(await Promise.allSettled(this.parts.map((part) => inTurn(part, work))));
  }

  /** Of a server that several boundaries have, once. */
  private nameLeaks(): void {
    const boundaries = new Map<number, string[]>();
    for (const { sandbox, place } of this.parts) {
      if (!(sandbox instanceof ServerSandbox)) continue;
      boundaries.set(sandbox.port, [...(boundaries.get(sandbox.port) ?? []), place.boundary]);
    }
    for (const [port, names] of boundaries) {
      const left = [...this.connections.to(port)];
      if (left.length === 0) continue;
      const tests = left.slice(0, mostNamed).map(([test, count]) => `"${test}" (${count})`);
      if (left.length > mostNamed) tests.push(`${left.length - mostNamed} more`);
      // One test's may be those by which a pool once grew; of several tests they are a leak.
      print(
        left.length > 1 ? 'warn' : 'info',
        `${names.join(', ')}: left open, and used by no later test: connections of ${tests.join(', ')}`,
      );
    }
  }
}

/** One call after the other, whatever became of the one before. */
function inTurn(part: Part, work: (part: Part) => Promise<void>): Promise<void> {
  const result = part.turn.then(() => whileAwake(() => work(part)));
  part.turn = result.catch(() => {});
  return result;
}

/** @throws the only failure; of several an `AggregateError` whose message has them all */
function throwFailures(results: PromiseSettledResult<unknown>[]): void {
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  if (failures.length === 0) return;
  const messages = new Set(failures.map((failure) => failure?.message ?? String(failure)));
  // Several boundaries of one server say the same of it.
  if (messages.size === 1) throw failures[0];
  throw new AggregateError(failures, [...messages].join('\n\n'));
}
