import type { RuntimeName, Supports } from '@seamkit/core';
import type { Capability } from './capability';
import type { Stage } from './stage';

/** What decides which cases a kit owes. */
export interface Owing {
  supports: Supports;
  runtime: RuntimeName | 'local';
  /** It has a server; what the harness can do. */
  server: boolean;
  leak: boolean;
  list: boolean;
  shape: boolean;
}

/** One thing that every kit must do. */
export interface ConformanceCase {
  name: string;
  shows: Capability;
  /** Whether a kit that supports this owes it. */
  owed(kit: Owing): boolean;
  run(stage: Stage): Promise<void>;
}

export const always = () => true;

/** What `prepare` leaves in the cases that need it. */
export const baseline = { kept: 'as it was', other: 'this too' };
