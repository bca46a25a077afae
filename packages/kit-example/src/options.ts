import { is, type OptionChecks, type ServerOptions } from '@seamkit/core';

export interface ExampleOptions extends ServerOptions {
  /**
   * Makes the baseline: called with the url of an empty space, once per run and per distinct source
   * of the function and `key`. Default: an empty space.
   */
  prepare?: (url: string, stop: { signal: AbortSignal }) => unknown;
  /** The longest text that the server takes, in characters. Default: no limit. Not for external servers. */
  maxLength?: number;
}

/** What each must be. */
export const checks: OptionChecks<ExampleOptions, ServerOptions> = {
  prepare: is.function,
  maxLength: is.count,
};
