import { type CommonOptions, checkOptions, defineKit, is } from '@seamkit/core';
import { type Algorithm, algorithms } from './algorithm';
import type { Auth } from './auth';
import { openSandbox } from './sandbox';

export interface AuthOptions extends CommonOptions {
  /** How tokens are signed: `RS256` (the default), `ES256` or `EdDSA` (Ed25519). */
  algorithm?: Algorithm;
  /** `aud` of access tokens that name none. Default `api`. */
  audience?: string;
  /**
   * Fills the baseline: users, clients. There are a client `client` with the secret `secret`, and
   * a user `alice` with the password `secret`, already. Runs once for each test file.
   */
  prepare?: (auth: Auth, stop: { signal: AbortSignal }) => void | Promise<void>;
}

/**
 * A local OpenID Connect issuer with real signed tokens, owned by the test file.
 * Members: `Auth`.
 * @throws SeamkitError `OPTION_INVALID`
 */
export const auth = defineKit<AuthOptions, Auth>({
  kind: 'local',
  name: 'auth',
  supports: { runtimes: [], prepare: true },
  check(options) {
    checkOptions('auth', options, {
      algorithm: is.oneOf(...algorithms),
      audience: is.string,
      prepare: is.function,
    });
  },
  open: openSandbox,
});
