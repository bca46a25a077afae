import { type Process, processes } from '../processes';
import type { Run } from '../run';
import type { Watch } from '../watch';
import type { Victim } from './kill-plan';

/** The process that a kill is meant for, negative for a whole group; undefined where there is none yet. */
export async function find(victim: Victim, run: Run, watch: Watch): Promise<number | undefined> {
  if (run.ending !== undefined) return undefined;
  if (victim === 'runner') return run.pid;
  if (victim === 'group') return -run.pid;
  if (victim === 'worker') return workersOf(run)[0]?.pid;
  const { keeper, leash, servers } = await watch.look();
  return { keeper, leash, server: servers[0] }[victim]?.pid;
}

/** What the runner started for its tests, in its own group; of a program without workers nothing. */
function workersOf(run: Run): Process[] {
  return processes().filter(({ parent, group }) => parent === run.pid && group === run.pid);
}
