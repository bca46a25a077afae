import { check, is, type OptionChecks, type ServerOptions } from '@seamkit/core';

export interface RabbitmqOptions extends ServerOptions {
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

/** What each must be. */
export const checks: OptionChecks<RabbitmqOptions, ServerOptions> = {
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
};
