import type { Runtime } from '../cells';
import { pick, randomOf } from './random';

const deaths = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const;

/**
 * Who is hit, and by which signals: a keeper that is stopped lives, and answers nobody; an early
 * runner is one whose first worker has just come, and has not loaded Seamkit yet.
 */
export const strikes = {
  worker: deaths,
  runner: deaths,
  'early runner': ['SIGKILL'],
  keeper: [...deaths, 'SIGSTOP'],
  server: deaths,
  leash: deaths,
  'keeper and leash': ['SIGKILL'],
  group: deaths,
} as const;
export type Victim = keyof typeof strikes;
type Signal = (typeof strikes)[Victim][number];

/** How the tests of a run are run: light ones mostly, so that a thousand kills take minutes. */
const kinds = ['node', 'redis script', 'shelf script', 'jest'] as const;
export type Kind = (typeof kinds)[number];
const shares: Record<Kind, number> = { node: 8, 'redis script': 5, 'shelf script': 5, jest: 2 };

/** One run, and how it is hit. */
export interface KillPlan {
  index: number;
  kind: Kind;
  victim: Victim;
  signal: Signal;
  /** From when the delay counts: some hit what is starting, others what is at work. */
  since: 'start' | 'work';
  /** ms */
  delay: number;
}

/** What kill number `index` of a soak does; it depends on nothing but the seed and the runtime. */
export function killPlan(seed: number, index: number, runtime: Runtime): KillPlan {
  const random = randomOf(seed * 100_003 + index);
  const weighted = kinds
    // The tiny server has no container, and a container's processes are the engine's.
    .filter((kind) => runtime === 'process' || kind !== 'shelf script')
    .flatMap((kind) => Array<Kind>(shares[kind]).fill(kind));
  const victims = (Object.keys(strikes) as Victim[]).filter(
    (victim) => runtime === 'process' || victim !== 'server',
  );
  const victim = pick(random, victims);
  const early = victim === 'early runner';
  const since = early ? 'start' : pick(random, ['start', 'work'] as const);
  return {
    index,
    // A program without a runner has no workers.
    kind: early ? pick(random, ['node', 'jest'] as const) : pick(random, weighted),
    victim,
    signal: pick<Signal>(random, strikes[victim]),
    since,
    delay: early ? 0 : Math.round(random() * (since === 'start' ? 900 : 150)),
  };
}

export function describePlan({ index, kind, victim, signal, since, delay }: KillPlan): string {
  return `kill ${index}: ${signal} to the ${victim} of a ${kind} run, ${delay} ms after its ${since}`;
}
