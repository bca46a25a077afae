import { check, is, type OptionChecks, type ServerOptions } from '@seamkit/core';

export interface MemcachedOptions extends ServerOptions {
  /**
   * Makes the baseline: called with the url of an empty server, once per test file. What it leaves
   * (values, flags, remaining times to live) is what every test finds. Default: nothing.
   */
  prepare?: (url: string, stop: { signal: AbortSignal }) => unknown;
  /** Megabytes for items, beyond which the server evicts. From 8 up, default 64. */
  memory?: number;
}

/** What each must be. */
export const checks: OptionChecks<MemcachedOptions, ServerOptions> = {
  prepare: is.function,
  memory: check(
    'a whole number from 8 up',
    (value) => Number.isInteger(value) && Number(value) >= 8,
  ),
};
