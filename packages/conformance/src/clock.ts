import { join } from 'node:path';

/** What a process needs in its environment to have a clock that is off. */
export function clockOff(minutes: number): NodeJS.ProcessEnv {
  return {
    NODE_OPTIONS: `--require ${JSON.stringify(join(__dirname, 'skewed-clock.js'))}`,
    CONFORMANCE_SKEW: String(minutes * 60_000),
  };
}
