import {
  check,
  checkOptions,
  defineKit,
  is,
  SeamkitError,
  type ServerOptions,
} from '@seamkit/core';
import { oldest } from './installation';
import type { RabbitMembers } from './members';
import { connectDriver } from './sandbox';

export interface RabbitOptions extends ServerOptions {
  /**
   * Makes the baseline: called with the url of an empty vhost, once per run and per distinct source
   * of the function and `key`. What it leaves (exchanges, queues, bindings, policies, and messages
   * in queues) is what every test finds. Default: an empty vhost.
   */
  prepare?: (url: string, place: { managementUrl: string; signal: AbortSignal }) => unknown;
  /**
   * Plugins that come with RabbitMQ, to be enabled beside the management API, e.g.
   * `['rabbitmq_consistent_hash_exchange']`. Not for external servers.
   */
  plugins?: readonly string[];
  /**
   * The management API of an external server. Default: the url's host and credentials, at the port
   * that the url names (`amqp://host:5672?management=15673`), else 15672, or 15671 for amqps.
   */
  managementUrl?: string;
}

/**
 * A private RabbitMQ virtual host, on a server that all test files share.
 *
 * The factory throws `OPTION_INVALID`, `URL_INVALID` (no amqp: or amqps: url) and
 * `VERSION_UNAVAILABLE` (older than 3.10). Connecting throws `SERVER_UNREACHABLE`,
 * `SERVER_MISMATCH` (no RabbitMQ, no management API) and `PERMISSION_MISSING`.
 */
export const rabbitmq = defineKit<RabbitOptions, RabbitMembers, any, any>({
  kind: 'server',
  name: 'rabbitmq',
  supports: {
    runtimes: ['container', 'process', 'external'],
    prepare: true,
    /** Messages that prepare leaves in classic and quorum queues come back; in streams they are refused. */
    preparedMessages: true,
  },
  server: require.resolve('./server'),
  plan(options) {
    checkOptions(
      'rabbitmq',
      options,
      {
        prepare: is.function,
        plugins: check(
          "a list of plugin names like ['rabbitmq_shovel']",
          (value) =>
            Array.isArray(value) &&
            value.every((name) => typeof name === 'string' && /^[a-z][a-z0-9_]*$/.test(name)),
        ),
        managementUrl: check(
          'an http: or https: url',
          (value) => is.url.accepts(value) && /^https?:\/\//.test(String(value)),
        ),
      },
      { server: true },
    );
    const { prepare, plugins = [], version, url } = options;
    if (url !== undefined && !/^amqps?:\/\//.test(url)) {
      throw new SeamkitError('URL_INVALID', 'rabbitmq() takes an amqp: or amqps: url', {
        hint: 'pass e.g. amqp://guest:guest@127.0.0.1:5672; the vhost is chosen by the kit',
      });
    }
    if (version !== undefined && older(version, oldest)) {
      throw new SeamkitError(
        'VERSION_UNAVAILABLE',
        `rabbitmq() does not start version ${version}`,
        {
          hint: `ask for ${oldest} or newer`,
        },
      );
    }
    return {
      settings: { plugins: [...plugins].sort() },
      baseline: prepare,
      // A vhost takes some 20 ms to make: the next file finds one ready.
      spares: 1,
    };
  },
  driver: connectDriver,
});

function older(version: string, limit: string): boolean {
  const [major = 0, minor] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = limit.split('.').map(Number);
  return major < leastMajor || (major === leastMajor && minor !== undefined && minor < leastMinor);
}
