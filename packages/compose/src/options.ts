import { check, is, type OptionCheck, type ServerOptions } from '@seamkit/core';
import type { Composition } from './composition';

export interface ComposeOptions {
  /** Only these services, and those that they depend on. Default: all that have no profile. */
  services?: readonly string[];
  /** Profiles to enable. Default: `COMPOSE_PROFILES`, else none. */
  profiles?: readonly string[];
  /** Variables for the files, over those of the environment. */
  env?: Readonly<Record<string, string>>;
  /** ms from the end of pulls and builds to ready. Default `SEAMKIT_START_TIMEOUT`, else 60,000. */
  startTimeout?: number;
  /** There is no other. `SEAMKIT_RUNTIME=process` forbids it, unless this or `SEAMKIT_COMPOSE_RUNTIME` allows it. */
  runtime?: 'container';
}

/** Options of a stack's own boundary, and of one of its services. */
export interface StackOptions extends ServerOptions {
  composition: Composition;
  choice: ComposeOptions;
  service?: string;
}

/** Of files, services or profiles. */
export const names = check(
  'a list of names',
  (value) => Array.isArray(value) && value.every((name) => is.string.accepts(name)),
);

/** What each must be. */
export const checks: Record<string, OptionCheck> = {
  services: names,
  profiles: names,
  env: check(
    'an object of strings',
    (value) =>
      is.record.accepts(value) &&
      Object.values(value as object).every((one) => typeof one === 'string'),
  ),
  startTimeout: is.milliseconds,
  runtime: is.oneOf('container'),
};
