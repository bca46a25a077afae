import { defineKit } from '@seamkit/core';
import type { Entries, ExampleMembers } from './members';
import { checks, type ExampleOptions } from './options';
import { connectDriver, type Space } from './sandbox';

/**
 * A private space on Example.
 *
 * The factory throws `OPTION_INVALID` and `URL_INVALID`. Connecting throws `SERVER_UNREACHABLE`,
 * `SERVER_MISMATCH` (not Example) and `PERMISSION_MISSING` (credentials).
 */
export const example = defineKit<ExampleOptions, ExampleMembers, Entries, Space>({
  kind: 'server',
  name: 'example',
  supports: { runtimes: ['process', 'external'], prepare: true },
  server: require.resolve('./server'),
  options: checks,
  url: { protocols: ['http:'], like: 'http://user:password@127.0.0.1:8080' },
  // What makes one server different from another, and what the baseline depends on.
  plan: ({ prepare, maxLength }) => ({
    settings: { ...(maxLength !== undefined && { maxLength }) },
    baseline: prepare,
  }),
  driver: connectDriver,
});
