import { readlinkSync } from 'node:fs';
import { identify, isAlive, processGroup } from '../system/process-identity';
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

/**
 * Whether this process is a worker whose runner is gone, be it since before Seamkit was loaded: such
 * a one would take the process that has adopted it for its runner.
 */
export function isLeftBehind(): boolean {
  const started = runner();
  if (started && !isAlive(started)) return true;
  const hasLostChannel = process.connected === false && !process.versions.bun;
  return isWorker() && (hasLostChannel || isAdopted());
}

/**
 * Runners start their workers from their own program and in their own process group. Who adopts an
 * orphan (init, a user's session, a container's init) is another program, with a group of its own. Where
 * the runner itself is the first process, as it may be in a container, its workers share both.
 */
function isAdopted(): boolean {
  if (process.platform !== 'linux') return process.ppid === 1;
  return ([processGroup, programOf] as const).every((of) => of(process.ppid) !== of(process.pid));
}

function programOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return undefined; // another user's
  }
}

/** The runner's process: this one, or its parent where this one is a worker. */
function runnerPid(): number {
  return isWorker() ? process.ppid : process.pid;
}

/** Whether `bun test --parallel` has started this process: a single file it runs itself, as worker 1. */
export function isWorkerOfBun(): boolean {
  const { env, pid, ppid, versions } = process;
  return Boolean(versions.bun && env.BUN_TEST_WORKER_ID) && programOf(ppid) === programOf(pid);
}

/** What runners set for their workers: Jest, Vitest, Mocha, Playwright, Cucumber, tap. */
const workerVariables = [
  'JEST_WORKER_ID',
  'VITEST',
  'MOCHA_WORKER_ID',
  'TEST_WORKER_INDEX',
  'CUCUMBER_WORKER_ID',
  'TAP_CHILD_ID',
];

/** AVA sets none: its workers are known by their program. */
const avaWorker = /[\\/]ava[\\/]lib[\\/]worker[\\/]/;

/** By its channel to the runner, open or not; not by `process.send`, which Jest always gives. */
function isWorker(): boolean {
  const { argv, connected, env, versions } = process;
  const hasChannel = versions.bun ? connected : connected !== undefined; // Bun: false without one
  const isOfRunner = workerVariables.some((name) => env[name]) || avaWorker.test(argv[1] ?? '');
  const isOfNode = env.NODE_TEST_CONTEXT?.startsWith('child');
  return Boolean((hasChannel && isOfRunner) || isOfNode || isWorkerOfBun());
}
