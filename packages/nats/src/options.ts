import { is, type OptionChecks, type ServerOptions } from '@seamkit/core';
import type { NatsAccess } from './connection';

export interface NatsOptions extends ServerOptions {
  /**
   * Makes the baseline: called with access to an empty account, once per run and per distinct source
   * of the function and `key`. The streams that it leaves, with messages, consumers and their
   * positions, are what every test finds. Default: an empty account.
   */
  prepare?: (url: string, connection: NatsAccess & { signal: AbortSignal }) => unknown;
  /**
   * A server of this test file's own, whose url takes clients without credentials. Default false.
   */
  exclusive?: boolean;
}

/** What each must be. */
export const checks: OptionChecks<NatsOptions, ServerOptions> = {
  prepare: is.function,
  exclusive: is.boolean,
};
