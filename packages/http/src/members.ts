import type { Book } from './book';
import type { Call } from './call';
import type { Calls } from './calls';
import type { FailureKind, FailureOptions, When } from './failure';
import type { GraphqlEndpoint, GraphqlOptions } from './graphql';
import { graphqlEndpoint } from './graphql';
import type { Match } from './matcher';
import { callFilter } from './path';
import type { Route } from './route';
import type { WebSocketEndpoint } from './web-socket-endpoint';

/** Declares a route; of several that match a call, the one declared last answers. */
export type AddRoute = (path: string, match?: Match) => Route;

/** What the test gets: a server that answers as it is told, and remembers. */
export interface HttpMembers {
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

interface Parts extends Pick<HttpMembers, 'url' | 'origins' | 'ca'> {
  calls: Calls;
  /** The one of now: a reset brings another. */
  book(): Book;
  /** These calls were meant, though no route matched them. */
  accept(calls: readonly Call[]): void;
}

export function makeMembers({ url, origins, ca, calls, book, accept }: Parts): HttpMembers {
  const adder = (method: string): HttpMembers['get'] => {
    return (path, match) => book().add(method, path, match);
  };
  const unmatched = () => calls.calls((call) => call.route === undefined);
  return {
    url,
    origins,
    ca,
    get: adder('GET'),
    post: adder('POST'),
    put: adder('PUT'),
    patch: adder('PATCH'),
    delete: adder('DELETE'),
    head: adder('HEAD'),
    options: adder('OPTIONS'),
    any: adder('*'),
    route: (method, path, match) => book().add(method.toUpperCase(), path, match),
    fail: (kind, options) => book().fail(kind, options),
    calls: (pattern) => calls.calls(pattern === undefined ? undefined : callFilter(pattern)),
    waitFor: (pattern, options) => calls.waitFor(pattern, callFilter(pattern), options),
    unmatched,
    acceptUnmatched: () => {
      const taken = unmatched();
      accept(taken);
      return taken;
    },
    webSocket: (path) => book().addEndpoint(path),
    graphql: (path, options = {}) =>
      graphqlEndpoint(options, (match, extra) => book().add('*', path, match, extra)),
  };
}
