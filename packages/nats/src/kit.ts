import type { NatsConnection } from '@nats-io/transport-node';
import { checkOptions, defineKit, is, SeamkitError, type ServerOptions } from '@seamkit/core';
import type { Place } from './accounts';
import type { NatsAccess } from './connection';
import { connectDriver } from './sandbox';
import { oldest } from './server';
import type { Saved } from './streams';

export type { NatsAccess };

export interface NatsOptions extends ServerOptions {
  /**
   * Makes the baseline: called with access to an empty account, once per run and per distinct source
   * of the function and `key`. The streams that it leaves, with messages, consumers and their
   * positions, are what every test finds. Default: an empty account.
   */
  prepare?: (url: string, connection: NatsAccess & { signal: AbortSignal }) => unknown;
  /**
   * A server of this test file's own, whose url takes clients without credentials. Default false.
   */
  exclusive?: boolean;
}

/** What the test gets. */
export interface NatsMembers {
  /** For the service under test: names the account by user and password. */
  readonly url: string;
  /** The same for `connect()` of the NATS clients for JavaScript. */
  readonly connection: NatsAccess;
  /**
   * A ready connection to the account. Its subscriptions end with the test, and so does it where a
   * test closed it; so take it from here in each test.
   */
  readonly client: NatsConnection;
}

/**
 * A private NATS account, with JetStream, on a server that all test files share.
 *
 * The factory throws `OPTION_INVALID`, `RUNTIME_UNAVAILABLE` (a url: there is no external runtime)
 * and `VERSION_UNAVAILABLE` (older than 2.9). Connecting throws `SERVER_UNREACHABLE`; opening throws
 * `UNSUPPORTED` (no free account; a baseline with messages in a stream that is kept in memory).
 */
export const nats = defineKit<NatsOptions, NatsMembers, Saved[], Place>({
  kind: 'server',
  name: 'nats',
  supports: { runtimes: ['container', 'process'], prepare: true },
  server: require.resolve('./server'),
  plan(options) {
    checkOptions(
      'nats',
      options,
      { prepare: is.function, exclusive: is.boolean },
      { server: true },
    );
    const { prepare, exclusive = false, version, url } = options;
    if (url !== undefined) {
      throw new SeamkitError('RUNTIME_UNAVAILABLE', 'nats() takes no url of a running server', {
        hint: 'leave it out: each test file needs an account, which only the server’s own configuration can make',
      });
    }
    const [major = 0, minor = oldest[1]] = (version ?? oldest.join('.')).split('.').map(Number);
    if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
      throw new SeamkitError('VERSION_UNAVAILABLE', `nats() does not start version ${version}`, {
        hint: `ask for ${oldest.join('.')} or newer`,
      });
    }
    return { settings: { ...(exclusive && { exclusive }) }, baseline: prepare, exclusive };
  },
  driver: connectDriver,
  variables: ({ connection: { servers, user, pass } }) => ({
    NATS_SERVERS: servers,
    ...(user && pass && { NATS_USER: user, NATS_PASSWORD: pass }),
  }),
});
