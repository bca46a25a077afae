import { SeamkitError } from '../errors';
import { type Config, isConfig } from './config';
import type { OpenBoundaries } from './environment';

/** Boundaries that were opened before the test file was loaded. */
export interface Ahead {
  config: Config;
  environment: OpenBoundaries<any>;
  /** The runner's hooks are ours already. */
  hooked: boolean;
}

/** Of this process, or under Jest of this file: each copy of this package sees it. */
const slot = Symbol.for('seamkit.ahead');
const place = globalThis as { [slot]?: Ahead };

/** What was opened ahead by this config, and is open still. */
export function aheadOf(config: unknown): Ahead | undefined {
  const ahead = place[slot];
  return ahead?.config === config && !ahead?.environment.isClosed ? ahead : undefined;
}

export function setAhead(ahead: Ahead): void {
  place[slot] = ahead;
}

/** @throws SeamkitError `OPTION_INVALID` */
export function checkConfig(config: unknown): asserts config is Config {
  if (isConfig(config)) return;
  throw new SeamkitError('OPTION_INVALID', 'openAhead() takes what defineConfig() made', {
    hint: "write openAhead(require('./seamkit.config')); of an ES module, its default export",
  });
}
