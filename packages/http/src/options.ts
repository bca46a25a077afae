import { type CommonOptions, check, is, type OptionChecks } from '@seamkit/core';
import type { HttpMembers } from './members';
import type { CassetteSetting } from './playback';

export interface HttpOptions extends CommonOptions {
  /**
   * Origins that the service has built in: `['https://api.stripe.com']`. Every client of this
   * process that connects to one of them reaches the stub instead, by TLS with a certificate that
   * this process trusts. Default: none; the service is given `url`.
   */
  origins?: readonly string[];
  /**
   * Other hosts that this process may connect to while the sandbox is open: all (`true`), some
   * (`['db.example.com']`), or none beyond loopback (`false`, the default): then a connection
   * fails, and so does the test. The hosts of `SEAMKIT_<KIT>_URL` and `DOCKER_HOST` are allowed.
   */
  allowNetwork?: boolean | readonly string[];
  /** Makes `url` an https one, with HTTP/2 and HTTP/1.1. Default false. Origins need no such option. */
  tls?: boolean;
  /**
   * A YAML file of recorded interactions, which answers what no route does; in mode `record` and
   * `refresh` the real server is asked, and its answers are written to the file without their
   * secrets. Needs `origins`. A relative path begins at the package of the file
   * that calls.
   */
  cassette?: CassetteSetting;
  /**
   * An OpenAPI document, 3.0 or 3.1: what the service sends, and what routes and the cassette
   * answer, must keep it, or the test fails with a pointer to the place. Simulated failures are
   * not checked. A relative path begins at the package of the file
   * that calls.
   */
  contract?: string;
  /**
   * Declares the baseline's routes. Runs when the sandbox opens and again at each reset, so that
   * state which its replies close over starts anew.
   */
  prepare?: (stub: HttpMembers, stop: { signal: AbortSignal }) => void | Promise<void>;
}

const origin = check('a list of origins', (value) => Array.isArray(value) && value.length > 0);
const hosts = check(
  "a list of host names like 'db.example.com'",
  (value) =>
    Array.isArray(value) && value.every((item) => typeof item === 'string' && !/[/\s]/.test(item)),
);

/** What each must be. */
export const checks: OptionChecks<HttpOptions, CommonOptions> = {
  origins: origin,
  allowNetwork: is.either(is.boolean, hosts),
  tls: is.boolean,
  cassette: is.either(is.string, is.record),
  contract: is.string,
  prepare: is.function,
};
