import { type Process, processes } from '../processes';
import type { Run } from '../run';
import type { Watch } from '../watch';
import type { Victim } from './kill-plan';

/** The processes that a kill is meant for, negative for a whole group; none where they are not there yet. */
export async function find(victim: Victim, run: Run, watch: Watch): Promise<number[]> {
  if (run.ending !== undefined) return [];
  if (victim === 'runner') return [run.pid];
  if (victim === 'group') return [-run.pid];
  if (victim === 'worker')
    return workersOf(run)
      .map(({ pid }) => pid)
      .slice(0, 1);
  if (victim === 'early runner') return workersOf(run).length ? [run.pid] : [];
  const { keeper, leash, servers } = await watch.look();
  if (victim === 'keeper and leash') return keeper && leash ? [keeper.pid, leash.pid] : [];
  const found = { keeper, leash, server: servers[0] }[victim];
  return found ? [found.pid] : [];
}

/** What the runner started for its tests, in its own group; of a program without workers nothing. */
function workersOf(run: Run): Process[] {
  return processes().filter(({ parent, group }) => parent === run.pid && group === run.pid);
}
