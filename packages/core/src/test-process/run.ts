import { identify } from '../keeper/process-identity';
import { variable } from '../variables';

/**
 * Names the run that this process belongs to: what its runner's workers share, and a later run
 * does not. `SEAMKIT_RUN`, else the runner's process, which is this one or its parent.
 */
export function currentRun(): string {
  return variable('SEAMKIT_RUN') ?? runner() ?? String(process.pid);
}

let known: string | undefined;

/**
 * The identity of the runner's process, as it was when first asked for: a worker whose runner was
 * killed gets another parent.
 */
export function runner(): string | undefined {
  known ??= identify(runnerPid());
  return known;
}

/** The runner's process: this one, or its parent where this one is a worker. */
function runnerPid(): number {
  const ofJestOrVitest = (process.env.JEST_WORKER_ID || process.env.VITEST) && process.send;
  const ofNodeTest = process.env.NODE_TEST_CONTEXT?.startsWith('child');
  return ofJestOrVitest || ofNodeTest ? process.ppid : process.pid;
}
