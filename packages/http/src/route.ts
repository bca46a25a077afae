import { SeamkitError } from '@seamkit/core';
import type { Call } from './call';
import {
  type Failure,
  type FailureKind,
  type FailureOptions,
  FailureRule,
  type When,
} from './failure';
import type { HttpResponse } from './interaction';
import { bodyOf, type Check, compileMatch, type Match } from './matcher';
import { type PathPattern, parsePath } from './path';
import { encodeReply, type Reply, type ReplyFunction } from './reply';

/** What a test gets from `get('/path')` and the like. */
export interface Route {
  /**
   * The answer. Called again, it adds the answer for the next call: `reply(503).reply(200)` fails
   * once; the last one stays. Text and bytes are sent as they are, any other body as JSON.
   * Without any reply a route answers 200 with an empty body.
   */
  reply(status: number, body?: unknown, headers?: Reply['headers']): this;
  reply(reply: Reply | ReplyFunction): this;
  /** Fails this route's calls: every one, or as `options` says. The first failure that is due wins. */
  fail<Kind extends FailureKind>(kind: Kind, options?: FailureOptions[Kind] & When): this;
  /** The calls that this route answered, in order. */
  calls(): Call[];
  /**
   * Resolves to the route's calls as soon as it has had `count` (default 1) of them since the last
   * reset. Rejects with `TIMEOUT` after `timeout` ms (default 5,000), saying what came instead.
   */
  waitFor(options?: { count?: number; timeout?: number }): Promise<Call[]>;
}

/** Where the routes' calls are kept. */
export interface CallSource {
  calls(accepts: (call: Call) => boolean): Call[];
  waitFor(
    what: string,
    accepts: (call: Call) => boolean,
    options?: { count?: number; timeout?: number },
  ): Promise<Call[]>;
}

/**
 * One exact value that the route asks for. Routes that share a method and a path are told apart by
 * it through a look-up rather than one by one.
 */
export interface Discriminant {
  /** What is looked at: `query q`. */
  name: string;
  value: string;
  read(call: Call): string | undefined;
}

type Step = HttpResponse | ReplyFunction;

const empty: HttpResponse = { status: 200, headers: [], body: Buffer.alloc(0) };

export class StubRoute implements Route {
  readonly label: string;
  readonly pattern: PathPattern;
  readonly checks: Check[];
  readonly discriminant?: Discriminant;
  readonly #source: CallSource;
  readonly #steps: Step[] = [];
  readonly #failures: FailureRule[] = [];
  #count = 0;
  /** How many of each the baseline has. */
  #sealed = { steps: 0, failures: 0 };

  /** @throws SeamkitError `OPTION_INVALID` */
  constructor(
    /** Upper case, or `*` for any. */
    readonly method: string,
    path: string,
    match: Match,
    source: CallSource,
    /** Checked with the rest, and told apart by it: for what is no plain HTTP, such as GraphQL. */
    extra?: { label: string; checks: Check[]; discriminant?: Discriminant },
  ) {
    this.pattern = parsePath(path);
    this.label = `${method === '*' ? 'ANY' : method} ${path}${extra ? ` ${extra.label}` : ''}`;
    this.checks = [...(extra?.checks ?? []), ...compileMatch(match)];
    this.discriminant = extra?.discriminant ?? discriminantOf(match);
    this.#source = source;
  }

  reply(first: number | Reply | ReplyFunction, body?: unknown, headers?: Reply['headers']): this {
    if (typeof first === 'function') this.#steps.push(first);
    else if (typeof first === 'number') {
      this.#steps.push(encodeReply({ status: first, body, headers }));
    } else this.#steps.push(encodeReply(first));
    return this;
  }

  fail<Kind extends FailureKind>(kind: Kind, options?: FailureOptions[Kind] & When): this {
    this.#failures.push(new FailureRule(kind, options));
    return this;
  }

  /** Its replies and failures are those of the baseline. */
  seal(): void {
    this.#sealed = { steps: this.#steps.length, failures: this.#failures.length };
    this.rewind();
  }

  /** Whether a test has added replies or failures. */
  get changed(): boolean {
    const { steps, failures } = this.#sealed;
    return this.#steps.length > steps || this.#failures.length > failures;
  }

  /** As the baseline has it, and as if no call had come. */
  rewind(): void {
    this.#steps.length = this.#sealed.steps;
    this.#failures.length = this.#sealed.failures;
    for (const rule of this.#failures) rule.rewind();
    this.#count = 0;
  }

  calls(): Call[] {
    return this.#source.calls(this.#owns);
  }

  waitFor(options?: { count?: number; timeout?: number }): Promise<Call[]> {
    return this.#source.waitFor(this.label, this.#owns, options);
  }

  readonly #mine = new WeakSet<Call>();
  readonly #owns = (call: Call) => this.#mine.has(call);

  /** What is wrong with a call whose method and path fit. Empty: it matches. */
  *differences(call: Call): Generator<string> {
    for (const check of this.checks) {
      const difference = check(call);
      if (difference) yield difference;
    }
  }

  matches(call: Call): boolean {
    for (const check of this.checks) if (check(call)) return false;
    return true;
  }

  /** Takes a call that matched: its number, and the failure that is due. */
  take(call: Call): Failure | undefined {
    this.#mine.add(call);
    call.route = this.label;
    call.number = ++this.#count;
    let due: Failure | undefined;
    for (const rule of this.#failures) {
      const failure = rule.next(); // each rule counts each call
      due ??= failure;
    }
    return due;
  }

  /** The answer to a call that was taken. Rejects with what the test's function threw. */
  answer(call: Call): HttpResponse | Promise<HttpResponse> {
    const step = this.#steps[Math.min(call.number, this.#steps.length) - 1] ?? empty;
    return typeof step === 'function' ? this.#compute(step, call) : step;
  }

  async #compute(step: ReplyFunction, call: Call): Promise<HttpResponse> {
    const reply = await step(call);
    if (reply === undefined) {
      throw new SeamkitError(
        'OPTION_INVALID',
        `the reply function of ${this.label} returned nothing`,
        {
          hint: 'return { status, headers, body }',
        },
      );
    }
    return encodeReply(reply);
  }
}

function discriminantOf({ query = {}, body }: Match): Discriminant | undefined {
  for (const [name, value] of Object.entries(query)) {
    if (!isExact(value)) continue;
    return { name: `query ${name}`, value: String(value), read: (call) => exact(call.query[name]) };
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  for (const [name, value] of Object.entries(body)) {
    if (!isExact(value)) continue;
    return {
      name: `body ${name}`,
      value: String(value),
      read: (call) => exact((bodyOf(call) as any)?.[name]),
    };
  }
  return undefined;
}

function isExact(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function exact(value: unknown): string | undefined {
  return isExact(value) ? String(value) : undefined;
}
