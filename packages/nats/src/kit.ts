import { defineKit } from '@seamkit/core';
import type { Place } from './accounts';
import type { NatsMembers } from './members';
import { checks, type NatsOptions } from './options';
import { connectDriver } from './sandbox';
import { oldest } from './server';
import type { Saved } from './streams';

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
  options: checks,
  oldest,
  plan: ({ prepare, exclusive = false }) => ({
    settings: { ...(exclusive && { exclusive }) },
    baseline: prepare,
    exclusive,
  }),
  driver: connectDriver,
  variables: ({ connection: { servers, user, pass } }) => ({
    NATS_SERVERS: servers,
    ...(user && pass && { NATS_USER: user, NATS_PASSWORD: pass }),
  }),
});
