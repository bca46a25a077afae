import type { Call } from './call';
import type { FailureKind, FailureOptions, When } from './failure';
import type { GraphqlEndpoint, GraphqlOptions } from './graphql';
import type { Match } from './matcher';
import type { Route } from './route';
import type { WebSocketEndpoint } from './web-socket-endpoint';

/** Declares a route; of several that match a call, the one declared last answers. */
export type AddRoute = (path: string, match?: Match) => Route;

/** What the test gets: a server that answers as it is told, and remembers. */
export interface HttpStub {
  /** Base url, without a slash at the end: `http://127.0.0.1:40123`. */
  readonly url: string;
  /** The origins that lead here, besides `url`. */
  readonly origins: readonly string[];
  /**
   * PEM of the throw-away authority, for clients in other processes (`NODE_EXTRA_CA_CERTS`).
   * Undefined where nothing here speaks TLS. This process trusts it already.
   */
  readonly ca?: string;

  /**
   * @param path `/users/:id` (one segment), `/files/*` (any number), or with an origin in front,
   *   for calls to that origin only.
   * @throws SeamkitError `OPTION_INVALID`
   */
  get: AddRoute;
  post: AddRoute;
  put: AddRoute;
  patch: AddRoute;
  delete: AddRoute;
  head: AddRoute;
  options: AddRoute;
  /** A route for any method, or for one without a function of its own. */
  any: AddRoute;
  route(method: string, path: string, match?: Match): Route;

  /** Fails calls whatever their route, and unmatched ones too; a route's own failure comes first. */
  fail<Kind extends FailureKind>(kind: Kind, options?: FailureOptions[Kind] & When): void;

  /** The calls since the last reset; with a pattern (`POST /users`, `/users/:id`) only those. */
  calls(pattern?: string): Call[];
  /**
   * Resolves to the calls of a pattern once there are `count` (default 1) of them. Rejects with
   * `TIMEOUT` after `timeout` ms (default 5,000), saying what came instead.
   */
  waitFor(pattern: string, options?: { count?: number; timeout?: number }): Promise<Call[]>;
  /** The calls that no route matched. Each was answered with 501, and fails the test. */
  unmatched(): Call[];
  /** The unmatched calls so far were meant: returns them, and they no longer fail the test. */
  acceptUnmatched(): Call[];

  /** A WebSocket endpoint. */
  webSocket(path: string): WebSocketEndpoint;
  /** A GraphQL endpoint, for POST and GET. */
  graphql(path: string, options?: GraphqlOptions): GraphqlEndpoint;
}
