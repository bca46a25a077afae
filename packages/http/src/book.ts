import type { Call } from './call';
import type { Calls } from './calls';
import { type Failure, type FailureKind, FailureRule } from './failure';
import type { Match } from './matcher';
import { StubRoute } from './route';
import { RouteIndex } from './route-index';
import { WebSocketEndpoint } from './web-socket-endpoint';

/** What hooks of the file declared: it cannot be declared again, as `prepare` is, so it is kept. */
export interface Declared {
  routes: readonly StubRoute[];
  failures: readonly FailureRule[];
  endpoints: readonly WebSocketEndpoint[];
}

export const nothing: Declared = { routes: [], failures: [], endpoints: [] };

/** All that was declared since the last reset, the baseline included. */
export class Book {
  readonly index = new RouteIndex();
  readonly #calls: Calls;
  readonly #failures: FailureRule[] = [];
  readonly #endpoints: WebSocketEndpoint[] = [];
  /** How many of each `prepare` declared. */
  #prepared = { routes: 0, failures: 0, endpoints: 0 };
  #changed = false;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /** Whether anything was declared since `seal`, on its routes too. */
  get changed(): boolean {
    const parts = [...this.index.routes, ...this.#endpoints];
    return this.#changed || parts.some(({ changed }) => changed);
  }

  /**
   * `prepare` has run. Takes over what hooks declared over it, and the connections that they opened
   * to an endpoint of the `former` book's.
   */
  begin(own: Declared, former?: Book): void {
    const { routes } = this.index;
    this.#prepared = {
      routes: routes.length,
      failures: this.#failures.length,
      endpoints: this.#endpoints.length,
    };
    for (const route of routes) route.seal();
    for (const [index, endpoint] of this.#endpoints.entries()) {
      const before = former ? former.#endpoints[index] : undefined;
      if (before?.path === endpoint.path) endpoint.replace(before);
      else endpoint.seal();
    }
    for (const route of own.routes) this.index.add(route);
    this.#failures.push(...own.failures);
    this.#endpoints.push(...own.endpoints);
    former?.close(own);
    this.#changed = false;
  }

  /**
   * What is declared is the baseline, as if no call had come. Returns what was declared over what
   * `prepare` did.
   */
  seal(): Declared {
    const [routes, failures] = [this.index.routes, this.#failures];
    for (const route of routes) route.seal();
    for (const rule of failures) rule.rewind();
    const { routes: from, ...prepared } = this.#prepared;
    for (const endpoint of this.#endpoints) endpoint.seal();
    this.#changed = false;
    return {
      routes: routes.slice(from),
      failures: failures.slice(prepared.failures),
      endpoints: this.#endpoints.slice(prepared.endpoints),
    };
  }

  add(
    method: string,
    path: string,
    match: Match = {},
    extra?: ConstructorParameters<typeof StubRoute>[4],
  ): StubRoute {
    const route = new StubRoute(method, path, match, this.#calls, extra);
    this.index.add(route);
    this.#changed = true;
    return route;
  }

  fail(kind: FailureKind, options?: object): void {
    this.#failures.push(new FailureRule(kind, options));
    this.#changed = true;
  }

  /** Counts one call for every failure; the first that is due. */
  failure(): Failure | undefined {
    let due: Failure | undefined;
    for (const rule of this.#failures) {
      const failure = rule.next();
      due ??= failure;
    }
    return due;
  }

  addEndpoint(path: string): WebSocketEndpoint {
    const endpoint = new WebSocketEndpoint(path);
    this.#endpoints.push(endpoint);
    this.#changed = true;
    return endpoint;
  }

  /** The endpoint of a path, the last declared first. */
  endpoint(call: Call) {
    for (const endpoint of this.#endpoints.toReversed()) {
      const params = endpoint.match(call);
      if (params) return { endpoint, params };
    }
    return undefined;
  }

  /** Undoes what tests did to what hooks declared, and drops the WebSockets that tests opened. */
  rewind(own: Declared): void {
    for (const part of [...own.routes, ...own.failures, ...this.#endpoints]) part.rewind();
  }

  /** Drops the WebSockets. */
  close({ endpoints }: Declared = nothing): void {
    for (const endpoint of this.#endpoints) if (!endpoints.includes(endpoint)) endpoint.close();
  }
}
