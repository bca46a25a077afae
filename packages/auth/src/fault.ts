import { clearTimeout, setTimeout } from 'node:timers';
import { check, SeamkitError } from '@seamkit/core';
import { checkFields } from './check-fields';

/** What the issuer answers, by name. */
export type Endpoint = 'discovery' | 'jwks' | 'authorize' | 'token' | 'userinfo' | 'logout';

export const endpoints: Readonly<Record<Endpoint, string>> = {
  discovery: '/.well-known/openid-configuration',
  jwks: '/jwks',
  authorize: '/connect/authorize',
  token: '/connect/token',
  userinfo: '/connect/userinfo',
  logout: '/connect/logout',
};

/** One way to misbehave, at some endpoints or at all. */
export type Fault = { endpoints: readonly Endpoint[] } & (
  | { kind: 'slow'; ms: number }
  | { kind: 'fail'; status: number }
  | { kind: 'cut' }
);

/** @throws SeamkitError `OPTION_INVALID` */
export function checkEndpoints(names: readonly Endpoint[]): readonly Endpoint[] {
  for (const name of names) {
    if (Object.hasOwn(endpoints, name)) continue;
    throw new SeamkitError('OPTION_INVALID', `there is no endpoint '${name}'`, {
      hint: `use any of: ${Object.keys(endpoints).join(', ')}`,
    });
  }
  return names;
}

const delay = check('ms from 0 up, or Infinity', (ms) => typeof ms === 'number' && ms >= 0);
const status = check(
  'an HTTP status from 400 to 599',
  (value) => Number.isInteger(value) && Number(value) >= 400 && Number(value) < 600,
);

/** The faults of now, and who waits because of them. */
export class Faults {
  #faults: Fault[] = [];
  readonly #waiting = new Set<() => void>();

  get none(): boolean {
    return this.#faults.length === 0 && this.#waiting.size === 0;
  }

  slow(ms: number, names: readonly Endpoint[]): void {
    checkFields('slow()', { ms }, { ms: delay });
    this.#faults.push({ kind: 'slow', ms, endpoints: checkEndpoints(names) });
  }

  fail(code: number, names: readonly Endpoint[]): void {
    checkFields('fail()', { status: code }, { status });
    this.#faults.push({ kind: 'fail', status: code, endpoints: checkEndpoints(names) });
  }

  cut(names: readonly Endpoint[]): void {
    this.#faults.push({ kind: 'cut', endpoints: checkEndpoints(names) });
  }

  /** What holds for an endpoint: of each kind, what was said last. */
  of<Kind extends Fault['kind']>(
    kind: Kind,
    endpoint: Endpoint | undefined,
  ): (Fault & { kind: Kind }) | undefined {
    return this.#faults.findLast(
      (fault): fault is Fault & { kind: Kind } =>
        fault.kind === kind &&
        (fault.endpoints.length === 0 ||
          (endpoint !== undefined && fault.endpoints.includes(endpoint))),
    );
  }

  /** Resolves after `ms`, or when the faults end. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(ms) ? setTimeout(() => done(), ms) : undefined;
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      this.#waiting.add(done);
    });
  }

  /** All faults end; who waits is let go. */
  clear(): void {
    this.#faults = [];
    for (const done of [...this.#waiting]) done();
  }
}
