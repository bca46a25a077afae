import { defineKit } from '@seamkit/core';
import type { Template } from './databases';
import { PostgresDriver } from './driver';
import type { PostgresMembers } from './members';
import { checks, type PostgresOptions } from './options';
import { scriptsOf } from './prepare';
import { oldest } from './server';
import { settingTexts } from './settings';

/**
 * PostgreSQL 13 to 18: a private database per test file, back at its baseline after every test.
 * @throws SeamkitError `OPTION_INVALID`, `URL_INVALID` (no postgres: or postgresql: url),
 * `VERSION_UNAVAILABLE` (older than 13)
 */
export const postgres = defineKit<PostgresOptions, PostgresMembers, Template, { name: string }>({
  kind: 'server',
  name: 'postgres',
  supports: { runtimes: ['container', 'process', 'external'], prepare: true },
  server: require.resolve('./server'),
  options: checks,
  url: {
    protocols: ['postgres:', 'postgresql:'],
    like: 'postgres://user:password@host:5432/postgres',
  },
  oldest,
  plan: ({ prepare, extensions = [], settings = {}, isolation }, folder) => ({
    settings: { server: settingTexts(settings) },
    baseline: {
      extensions,
      prepare: typeof prepare === 'function' ? prepare : scriptsOf(prepare, folder),
      bookkept: isolation !== 'clone',
    },
    // The next test's database is made while this one's runs.
    spares: isolation === 'clone' ? 1 : 0,
  }),
  driver: PostgresDriver.connect,
});
