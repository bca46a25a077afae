import type { Call } from './call';
import type { Calls } from './calls';
import { type Failure, type FailureKind, FailureRule } from './failure';
import { type GraphqlEndpoint, type GraphqlOptions, graphqlEndpoint } from './graphql';
import type { Match } from './matcher';
import { StubRoute } from './route';
import { RouteIndex } from './route-index';
import { WebSocketEndpoint } from './web-socket';

/** All that was declared since the last reset, the baseline included. */
export class Book {
  readonly index = new RouteIndex();
  /** Whether anything was declared since this was last set to false. */
  changed = false;
  readonly #calls: Calls;
  readonly #failures: FailureRule[] = [];
  readonly #endpoints: WebSocketEndpoint[] = [];

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  add(
    method: string,
    path: string,
    match: Match = {},
    extra?: ConstructorParameters<typeof StubRoute>[4],
  ): StubRoute {
    const route = new StubRoute(method, path, match, this.#calls, extra);
    this.index.add(route);
    this.changed = true;
    return route;
  }

  fail(kind: FailureKind, options?: object): void {
    this.#failures.push(new FailureRule(kind, options));
    this.changed = true;
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
    this.changed = true;
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

  graphql(path: string, options: GraphqlOptions = {}): GraphqlEndpoint {
    return graphqlEndpoint(options, (match, extra) => this.add('*', path, match, extra));
  }

  /** Drops the WebSockets. */
  close(): void {
    for (const endpoint of this.#endpoints) endpoint.close();
  }
}
