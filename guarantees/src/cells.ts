import { type RunnerName, runnerNames } from './runners';

/** Who dies. */
export const victims = {
  worker: 'a test worker',
  runner: 'the runner',
  keeper: 'the keeper',
  server: 'the server',
  group: 'the whole process group',
  engine: 'the container engine, restarted',
} as const;

/** Of what. */
export const causes = {
  SIGINT: 'SIGINT',
  SIGTERM: 'SIGTERM',
  SIGKILL: 'SIGKILL',
  memory: 'out of memory',
  disk: 'disk full',
  cancelled: 'cancelled CI job',
  watch: 'watch-mode restart',
} as const;

export type Victim = keyof typeof victims;
export type Cause = keyof typeof causes;
export type Runtime = 'process' | 'container';

export const runtimes: readonly Runtime[] = ['process', 'container'];

/** A row of the matrix. */
export interface Row {
  victim: Victim;
  cause: Cause;
}

/** One test: a row under one runner, on one runtime. */
export interface Cell extends Row {
  runtime: Runtime;
  runner: RunnerName;
}

const played: Record<Victim, readonly Cause[]> = {
  worker: ['SIGINT', 'SIGTERM', 'SIGKILL', 'memory'],
  runner: ['SIGINT', 'SIGTERM', 'SIGKILL', 'memory', 'watch'],
  keeper: ['SIGINT', 'SIGTERM', 'SIGKILL', 'memory', 'disk'],
  server: ['SIGINT', 'SIGTERM', 'SIGKILL', 'memory', 'disk'],
  group: ['SIGINT', 'SIGTERM', 'SIGKILL', 'cancelled'],
  engine: ['SIGTERM', 'SIGKILL'],
};

export const rows: readonly Row[] = (Object.keys(played) as Victim[]).flatMap((victim) =>
  played[victim].map((cause) => ({ victim, cause })),
);

/** Pairs that have no row, and why. */
export const absent: readonly { victims: Victim[]; cause: Cause; why: string }[] = [
  {
    victims: ['worker', 'runner', 'group'],
    cause: 'disk',
    why: 'Runners and their workers write nothing of ours; what the tests write themselves is theirs. The keeper and the server write, and have their rows.',
  },
  {
    victims: ['group'],
    cause: 'memory',
    why: 'Memory runs out in one process at a time, and each has its row. Where a kernel kills a whole group for it, that is the row SIGKILL.',
  },
  {
    victims: ['worker', 'runner', 'keeper', 'server'],
    cause: 'cancelled',
    why: 'A CI system that cancels a job signals the whole group.',
  },
  {
    victims: ['worker', 'keeper', 'server', 'group'],
    cause: 'watch',
    why: 'A restart in watch mode is the runner ending its workers and starting new ones.',
  },
  {
    victims: ['engine'],
    cause: 'SIGINT',
    why: 'To an engine the same as SIGTERM: it stops its containers and ends.',
  },
  {
    victims: ['engine'],
    cause: 'memory',
    why: 'An engine that the kernel kills for its memory is one that got SIGKILL.',
  },
  {
    victims: ['engine'],
    cause: 'disk',
    why: 'Not a restart: an engine whose disk is full goes on with the containers that run.',
  },
  {
    victims: ['engine'],
    cause: 'cancelled',
    why: 'An engine is no part of a job; where a job brings its own, both end together, and its containers with it.',
  },
  {
    victims: ['engine'],
    cause: 'watch',
    why: 'Runners do not restart engines.',
  },
];

/** Why a row is not on a runtime, where it is not. */
export function notOn(runtime: Runtime, { victim }: Row): string | undefined {
  return runtime === 'process' && victim === 'engine' ? 'no engine there' : undefined;
}

/**
 * The cells of one runtime and runner: all of them, or a slice that has each row once on each
 * runtime, and the runners in turn.
 */
export function cellsOf(runtime: Runtime, runner: RunnerName, full: boolean): Cell[] {
  const turn = runnerNames.indexOf(runner) + runtimes.indexOf(runtime);
  return rows
    .filter((row) => !notOn(runtime, row))
    .filter((_, index) => full || (index + turn) % runnerNames.length === 0)
    .map((row) => ({ ...row, runtime, runner }));
}

/** ms that anything of ours may be there after the end of the run. */
export const promised: Record<Runtime, number> = { process: 5_000, container: 10_000 };
