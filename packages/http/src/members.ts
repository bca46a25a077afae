import type { Book } from './book';
import type { Call } from './call';
import type { Calls } from './calls';
import { graphqlEndpoint } from './graphql';
import { callFilter } from './path';
import type { HttpStub } from './stub';

interface Parts extends Pick<HttpStub, 'url' | 'origins' | 'ca'> {
  calls: Calls;
  /** The one of now: a reset brings another. */
  book(): Book;
  /** These calls were meant, though no route matched them. */
  accept(calls: readonly Call[]): void;
}

/** What the test gets. */
export function makeMembers({ url, origins, ca, calls, book, accept }: Parts): HttpStub {
  const adder = (method: string): HttpStub['get'] => {
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
