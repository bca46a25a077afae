import { check, checkOptions, is, type OptionCheck, SeamkitError } from '@seamkit/core';

/** The ways to fail, and what each of them takes. Bodies and headers are those of the route's reply. */
export interface FailureOptions {
  /** Another status, with a small JSON body. Default 500. */
  status: { status?: number };
  /** 429 with `Retry-After`, in seconds. Default 1. */
  'rate-limit': { retryAfter?: number };
  /** Nothing at all for `delay` ms, then the reply. */
  'slow-first-byte': { delay: number };
  /** Headers at once, then the body at this rate. */
  'slow-body': { bytesPerSecond: number };
  /** The first `bytes` of the body (default: half of it), then the connection is closed. */
  truncated: { bytes?: number };
  /**
   * A `content-length` that is `by` bytes off; the connection stays open. Default -1: the last
   * byte is not part of the answer. Above 0: the client waits for bytes that never come.
   */
  'wrong-length': { by?: number };
  /** The body's JSON without its end, with the right length. */
  'malformed-json': {};
  /** Something that is not HTTP, then the connection is closed. On HTTP/2: a protocol error. */
  'invalid-http': {};
  /** The connection is closed (FIN) before a byte of the answer is sent. */
  close: {};
  /** The connection is reset (RST) before a byte of the answer is sent. */
  reset: {};
  /** The connection stays open, and silent. */
  'never-answer': {};
}

export type FailureKind = keyof FailureOptions;

/** When to fail. Default: each time. */
export interface When {
  /** Only this call, counted from 1 from when the failure was set; or each of these. */
  call?: number | readonly number[];
  /** From 0 to 1. The same seed gives the same sequence of hits and misses. */
  probability?: number;
  /** A whole number. Default 1. */
  seed?: number;
}

/** A failure that is due now. */
export type Failure = {
  [Kind in FailureKind]: { kind: Kind } & FailureOptions[Kind];
}[FailureKind];

const status = check(
  'a status from 200 to 599',
  (value) => Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599,
);
const positive = check('a number above 0', (value) => typeof value === 'number' && value > 0);
const offset = check(
  'a whole number of bytes other than 0',
  (value) => Number.isSafeInteger(value) && value !== 0,
);

const kinds: { [Kind in FailureKind]: Record<string, OptionCheck> } = {
  status: { status },
  'rate-limit': { retryAfter: is.count },
  'slow-first-byte': { delay: is.milliseconds },
  'slow-body': { bytesPerSecond: positive },
  truncated: { bytes: is.count },
  'wrong-length': { by: offset },
  'malformed-json': {},
  'invalid-http': {},
  close: {},
  reset: {},
  'never-answer': {},
};

const required: Partial<Record<FailureKind, string>> = {
  'slow-first-byte': 'delay',
  'slow-body': 'bytesPerSecond',
};

const nth = check(
  'a call number from 1 up, or a list of them',
  (value) =>
    value !== 0 &&
    [value].flat().every((item) => Number.isSafeInteger(item) && Number(item) > 0) &&
    [value].flat().length > 0,
);

const when: Record<string, OptionCheck> = {
  call: nth,
  probability: check(
    'a number from 0 to 1',
    (value) => typeof value === 'number' && value >= 0 && value <= 1,
  ),
  seed: check('a whole number', Number.isSafeInteger),
};

/** Decides, call by call, whether a failure is due. */
export class FailureRule {
  readonly #failure: Failure;
  readonly #calls?: readonly number[];
  readonly #probability: number;
  readonly #seed: number;
  #random!: () => number;
  #count!: number;

  /** @throws SeamkitError `OPTION_INVALID` */
  constructor(kind: FailureKind, options: object = {}) {
    if (!Object.hasOwn(kinds, kind)) {
      throw new SeamkitError('OPTION_INVALID', `there is no failure '${kind}'`, {
        hint: `use one of: ${Object.keys(kinds).join(', ')}`,
      });
    }
    checkOptions(`fail('${kind}')`, options as {}, { ...kinds[kind], ...when });
    const must = required[kind];
    if (must && (options as Record<string, unknown>)[must] === undefined) {
      throw new SeamkitError('OPTION_INVALID', `fail('${kind}') needs '${must}'`, {
        hint: `pass ${kinds[kind][must]?.expected}`,
      });
    }
    const { call, probability = 1, seed = 1, ...own } = options as When;
    this.#failure = { kind, ...own } as Failure;
    this.#calls = call === undefined ? undefined : [call].flat();
    this.#probability = probability;
    this.#seed = seed;
    this.rewind();
  }

  /** As if no call had come. */
  rewind(): void {
    this.#count = 0;
    this.#random = seeded(this.#seed);
  }

  /** Counts one call; the failure, where it is due. */
  next(): Failure | undefined {
    this.#count++;
    if (this.#calls && !this.#calls.includes(this.#count)) return undefined;
    // Drawn for each call, so that the sequence depends on the seed and nothing else.
    return this.#random() < this.#probability ? this.#failure : undefined;
  }
}

/** mulberry32: numbers in [0, 1) that depend on the seed alone. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
