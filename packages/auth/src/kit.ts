import { defineKit } from '@seamkit/core';
import type { AuthMembers } from './members';
import { type AuthOptions, checks } from './options';
import { openSandbox } from './sandbox';

/**
 * A local OpenID Connect issuer with real signed tokens, owned by the test file.
 * Members: `AuthMembers`.
 * @throws SeamkitError `OPTION_INVALID`
 */
export const auth = defineKit<AuthOptions, AuthMembers>({
  kind: 'local',
  name: 'auth',
  supports: { runtimes: [], prepare: true },
  options: checks,
  open: openSandbox,
});
