import { defineKit, SeamkitError } from '@seamkit/core';
import type { HttpMembers } from './members';
import { checks, type HttpOptions } from './options';
import { parseOrigin } from './path';
import { cassetteOptions } from './playback';
import { openSandbox } from './sandbox';

/**
 * The APIs that a service calls, as a real HTTP server on 127.0.0.1 that the test file owns.
 * Members: `HttpMembers`.
 * @throws SeamkitError `OPTION_INVALID`
 */
export const http = defineKit<HttpOptions, HttpMembers>({
  kind: 'local',
  name: 'http',
  supports: { runtimes: [], prepare: true },
  options: checks,
  check({ origins, cassette }, folder) {
    for (const item of origins ?? []) parseOrigin(item);
    if (cassette === undefined) return;
    cassetteOptions(cassette, folder);
    if (!origins) {
      throw new SeamkitError('OPTION_INVALID', "http() has a 'cassette' without 'origins'", {
        hint: "name the API that is recorded: origins: ['https://api.example.com']",
      });
    }
  },
  open: openSandbox,
});
