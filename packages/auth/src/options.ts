import { type CommonOptions, is, type OptionChecks } from '@seamkit/core';
import { type Algorithm, algorithms } from './algorithm';
import type { AuthMembers } from './members';

export interface AuthOptions extends CommonOptions {
  /** How tokens are signed: `RS256` (the default), `ES256` or `EdDSA` (Ed25519). */
  algorithm?: Algorithm;
  /** `aud` of access tokens that name none. Default `api`. */
  audience?: string;
  /**
   * Fills the baseline: users, clients. There are a client `client` with the secret `secret`, and
   * a user `alice` with the password `secret`, already. Runs once for each test file.
   */
  prepare?: (auth: AuthMembers, stop: { signal: AbortSignal }) => void | Promise<void>;
}

/** What each must be. */
export const checks: OptionChecks<AuthOptions, CommonOptions> = {
  algorithm: is.oneOf(...algorithms),
  audience: is.string,
  prepare: is.function,
};
