import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cause, Runtime, Victim } from './cells';
import type { RunnerName } from './runners';

/** What a cell measured, in ms from the strike. */
export interface Measured {
  victim: Victim;
  cause: Cause;
  runtime: Runtime;
  runner: RunnerName;
  /** To the end of the runner. */
  ended: number;
  /** To nothing left. */
  gone: number;
}

const folder = join(__dirname, '../measured');

/** One file for each runtime and runner, in the repository: `docs/guarantees.md` is made of them. */
export function keep(runtime: Runtime, runner: RunnerName, measured: readonly Measured[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(runtime, runner), `${JSON.stringify(measured, null, 2)}\n`);
}

export function kept(runtime: Runtime, runner: RunnerName): Measured[] {
  try {
    return JSON.parse(readFileSync(fileOf(runtime, runner), 'utf8'));
  } catch {
    return []; // never measured
  }
}

function fileOf(runtime: Runtime, runner: RunnerName): string {
  return join(folder, `${runtime}-${runner}.json`);
}
