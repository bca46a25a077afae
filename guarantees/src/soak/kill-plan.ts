import { pick, randomOf } from './random';

export const victims = ['worker', 'runner', 'keeper', 'server', 'leash', 'group'] as const;
export type Victim = (typeof victims)[number];

/** How the tests of a run are run: light ones mostly, so that a thousand kills take minutes. */
const kinds = ['node', 'redis script', 'shelf script', 'jest'] as const;
export type Kind = (typeof kinds)[number];
const shares: Record<Kind, number> = { node: 8, 'redis script': 5, 'shelf script': 5, jest: 2 };

const signals = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const;

/** One run, and how it is hit. */
export interface KillPlan {
  index: number;
  kind: Kind;
  victim: Victim;
  signal: (typeof signals)[number];
  /** From when the delay counts: some hit what is starting, others what is at work. */
  since: 'start' | 'work';
  /** ms */
  delay: number;
}

/** What kill number `index` of a soak does; it depends on nothing but the seed. */
export function killPlan(seed: number, index: number): KillPlan {
  const random = randomOf(seed * 100_003 + index);
  const weighted = kinds.flatMap((kind) => Array<Kind>(shares[kind]).fill(kind));
  const since = pick(random, ['start', 'work'] as const);
  return {
    index,
    kind: pick(random, weighted),
    victim: pick(random, victims),
    signal: pick(random, signals),
    since,
    delay: Math.round(random() * (since === 'start' ? 900 : 150)),
  };
}

export function describePlan({ index, kind, victim, signal, since, delay }: KillPlan): string {
  return `kill ${index}: ${signal} to the ${victim} of a ${kind} run, ${delay} ms after its ${since}`;
}
