import { identify, isAlive, processGroup } from '../keeper/process-identity';

/**
 * Names the run that this process belongs to: what its runner's workers share, and a later run
 * does not. `SEAMKIT_RUN`, else the runner's process, which is this one or its parent.
 */
export function currentRun(): string {
  return process.env.SEAMKIT_RUN ?? runner() ?? String(process.pid);
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

/**
 * Whether this process is a worker whose runner is gone, be it since before Seamkit was loaded: such
 * a one would take the process that has adopted it for its runner.
 */
export function isLeftBehind(): boolean {
  const started = runner();
  if (started && !isAlive(started)) return true;
  return isWorker() && (process.connected === false || isAdopted());
}

/**
 * Runners start their workers in their own process group. Who adopts an orphan (init, a user's
 * session, a container's init) leads another one. Where the runner itself is the first process, as
 * in a container, its workers share its group.
 */
function isAdopted(): boolean {
  if (process.platform !== 'linux') return process.ppid === 1;
  const parent = processGroup(process.ppid);
  return parent === undefined ? process.ppid === 1 : parent !== processGroup(process.pid);
}

/** The runner's process: this one, or its parent where this one is a worker. */
function runnerPid(): number {
  return isWorker() ? process.ppid : process.pid;
}

function isWorker(): boolean {
  const ofJestOrVitest = (process.env.JEST_WORKER_ID || process.env.VITEST) && process.send;
  return Boolean(ofJestOrVitest || process.env.NODE_TEST_CONTEXT?.startsWith('child'));
}
