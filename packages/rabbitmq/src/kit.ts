import { defineKit } from '@seamkit/core';
import { oldest } from './installation';
import type { RabbitmqMembers } from './members';
import { checks, type RabbitmqOptions } from './options';
import { connectDriver, type SandboxData, type TemplateData } from './sandbox';

/**
 * A private RabbitMQ virtual host, on a server that all test files share.
 *
 * The factory throws `OPTION_INVALID`, `URL_INVALID` (no amqp: or amqps: url) and
 * `VERSION_UNAVAILABLE` (older than 3.10). Connecting throws `SERVER_UNREACHABLE`,
 * `SERVER_MISMATCH` (no RabbitMQ, no management API) and `PERMISSION_MISSING`.
 */
export const rabbitmq = defineKit<RabbitmqOptions, RabbitmqMembers, TemplateData, SandboxData>({
  kind: 'server',
  name: 'rabbitmq',
  supports: {
    runtimes: ['container', 'process', 'external'],
    prepare: true,
    /** Messages that prepare leaves in classic and quorum queues come back; in streams they are refused. */
    preparedMessages: true,
  },
  server: require.resolve('./server'),
  options: checks,
  url: { protocols: ['amqp:', 'amqps:'], like: 'amqp://user:password@127.0.0.1:5672' },
  oldest,
  plan: ({ prepare, plugins = [] }) => ({
    settings: { plugins: [...plugins].sort() },
    baseline: prepare,
    // A vhost takes some 20 ms to make: the next file finds one ready.
    spares: 1,
  }),
  driver: connectDriver,
});
