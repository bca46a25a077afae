import { Bystanders } from '../bystanders';
import type { Runtime } from '../cells';
import { describePlan, killPlan } from './kill-plan';
import { Lane, type Outcome } from './lane';

/** ms that one set of bystanders is there; then it must end well, and others take its place. */
const shift = 60_000;
/** Every so many kills a run is left alone: it must pass. */
const undisturbedEvery = 5;

export interface SoakOptions {
  kills: number;
  seed: number;
  /** Default `process`. */
  runtime?: Runtime;
  /** Workspaces at once. Default 4. */
  lanes?: number;
  /** Told after each kill, and of everything that went wrong. */
  progress?(count: Count, wrong?: string): void;
}

export interface Count {
  killed: number;
  leaked: number;
  wronglyKilled: number;
  failed: number;
}

/**
 * Kills at random, in several workspaces at once, until `kills` have hit; beside them live
 * bystanders, who must not be hurt.
 */
export async function soak({
  kills,
  seed,
  runtime = 'process',
  lanes = 4,
  progress = () => {},
}: SoakOptions): Promise<Count> {
  const count: Count = { killed: 0, leaked: 0, wronglyKilled: 0, failed: 0 };
  let next = 1;
  let over = false;

  function add(what: string, { killed, leaked, failed }: Outcome): void {
    if (killed) count.killed++;
    if (leaked.length) count.leaked++;
    if (failed) count.failed++;
    if (leaked.length) progress(count, `${what}: left ${leaked.join(', ')}`);
    if (failed) progress(count, failed);
    if (killed && !leaked.length && !failed) progress(count);
  }

  async function work(): Promise<void> {
    const lane = new Lane(runtime);
    add('the first run of a workspace', await lane.undisturbed('node'));
    while (next <= kills) {
      const plan = killPlan(seed, next++, runtime);
      const outcome = await lane.hit(plan);
      add(describePlan(plan), outcome);
      if (!outcome.killed) kills++; // another one in its place
      if (plan.index % undisturbedEvery === 0) {
        add(`a run after kill ${plan.index}`, await lane.undisturbed(plan.kind));
      }
    }
    add('the last run of a workspace', await lane.undisturbed('node'));
    await lane.remove();
  }

  async function watchOver(): Promise<void> {
    while (!over) {
      const bystanders = await Bystanders.plant({ runner: 'node', runtime });
      const end = performance.now() + shift;
      const harm = new Set<string>();
      while (!over && performance.now() < end) {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        for (const what of await bystanders.harmed()) harm.add(what);
      }
      for (const what of await bystanders.harmed()) harm.add(what);
      const ending = await bystanders.remove();
      if (ending !== 0 && harm.size === 0) harm.add(`a bystander's run ended with ${ending}`);
      count.wronglyKilled += harm.size;
      for (const what of harm) progress(count, `bystanders: ${what}`);
    }
  }

  const watching = watchOver();
  await Promise.all(Array.from({ length: lanes }, work)).finally(() => {
    over = true;
  });
  await watching;
  return count;
}
