import { setTimeout as delay } from 'node:timers/promises';
import { type Cell, promised } from './cells';
import { OwnEngine } from './own-engine';
import { Project, type ProjectOptions } from './project';
import type { Ending } from './run';
import type { RunnerName } from './runners';
import { SmallDisk } from './small-disk';
import { strike } from './strike';
import { until } from './until';
import { Watch } from './watch';

/** ms that a run may go on after the strike. */
const patience = 45_000;

/** What came of a cell, for whoever judges it. */
export interface Outcome {
  /** How the runner ended, and how it ends without us. */
  ending: Ending;
  bare: Ending;
  /** The next run's exit code, and its output. */
  next: Ending;
  output: string;
  /** ms from the strike to the end of the runner, and to nothing left. */
  ended: number;
  gone: number;
}

/** Why a cell cannot be played here, where it cannot. */
export function missingFor({ victim, cause }: Cell): string | undefined {
  if (cause === 'disk') return SmallDisk.missing();
  if (victim === 'engine') return OwnEngine.missing();
  return process.platform === 'linux' ? undefined : 'what is left is looked for in /proc';
}

/**
 * Plays a cell: a run in the middle of its tests, the strike, the end, nothing left, the next run.
 * Rejects where anything takes longer than promised.
 */
export async function play(cell: Cell, engine?: OwnEngine): Promise<Outcome> {
  const disk = cell.cause === 'disk' ? new SmallDisk(300) : undefined;
  const project = new Project(projectFor(cell, disk, engine));
  try {
    const watch = new Watch(project);
    const run = project.start({ watch: cell.cause === 'watch' });
    const pids = await project.busy(run);
    const sight = await watch.look();
    if (!sight.keeper || !sight.leash || sight.servers.length + sight.containers.length === 0) {
      throw new Error(`nothing to strike: ${await watch.left()}`);
    }
    const from = performance.now();
    await strike(cell, { project, run, pids, sight, disk, engine });
    await until(
      async () => {
        await watch.look(); // who is started meanwhile is watched, too
        return run.ending !== undefined;
      },
      () => `the run to end\n${run.output}`,
      patience,
    );
    const gone = await watch.nothingLeft(promised[cell.runtime], from);
    const { output } = run;
    await run.remove();
    disk?.free();
    const next = await project.shortRun();
    await watch.nothingLeft(promised[cell.runtime]);
    return {
      ending: run.ending!,
      bare: await bareEnding(cell),
      next: next.ending,
      output: `${output}\n--- the next run\n${next.output}`,
      ended: run.endedAt! - from,
      gone,
    };
  } finally {
    await project.remove();
    disk?.remove();
  }
}

function projectFor(
  { victim, cause, runner, runtime }: Cell,
  disk?: SmallDisk,
  engine?: OwnEngine,
): ProjectOptions {
  const options = { runner, runtime };
  if (victim === 'engine') {
    const env = { DOCKER_HOST: engine!.host, SEAMKIT_REDIS_IMAGE: engine!.image };
    return { ...options, env };
  }
  if (cause === 'memory') return { ...options, exhaustible: ['worker', 'runner'].includes(victim) };
  if (cause !== 'disk') return options;
  // The keeper keeps its socket and ledger there.
  if (victim === 'keeper') return { ...options, env: { XDG_RUNTIME_DIR: disk!.folder } };
  if (runtime === 'container') return { ...options, boundary: 'postgres' };
  return {
    ...options,
    boundary: 'postgres',
    // Servers keep their data in /dev/shm where it has room, else in TMPDIR.
    within: ['unshare', '--mount', 'sh', '-c', `${smallMemory} && exec "$@"`, 'sh'],
    env: { TMPDIR: disk!.folder, XDG_RUNTIME_DIR: '/tmp' },
  };
}

const smallMemory = 'mount -t tmpfs -o size=16m seamkit-matrix /dev/shm';

const bareEndings = new Map<string, Promise<Ending>>();

/**
 * How the same run ends without us: struck likewise or, where that is something of ours, with a test
 * that fails.
 */
function bareEnding(cell: Cell): Promise<Ending> {
  const { runner, victim, cause } = cell;
  const ours = ['keeper', 'server', 'engine'].includes(victim);
  const key = ours ? runner : `${runner} ${victim} ${cause}`;
  let ending = bareEndings.get(key);
  if (!ending) {
    ending = ours ? failingRun(runner) : strickenRun(cell);
    bareEndings.set(key, ending);
  }
  return ending;
}

async function failingRun(runner: RunnerName): Promise<Ending> {
  const project = new Project({ runner, runtime: 'process', boundary: 'none' });
  try {
    project.tell('fail');
    return await project.start().ended;
  } finally {
    await project.remove();
  }
}

async function strickenRun(cell: Cell): Promise<Ending> {
  const { runner, cause } = cell;
  const project = new Project({
    runner,
    runtime: 'process',
    boundary: 'none',
    exhaustible: cause === 'memory',
  });
  try {
    const run = project.start({ watch: cause === 'watch' });
    const pids = await project.busy(run);
    await strike(cell, { project, run, pids });
    return await Promise.race([run.ended, delay(patience, 'never', { ref: false })]);
  } finally {
    await project.remove();
  }
}
