import type { LiveQueue, VhostState } from './vhost-state';

/**
 * What a file's own clients had when its baseline was set: their consumers and exclusive queues live
 * through its resets. They are counted rather than named, so that a service may connect again.
 */
export interface Kept {
  connections: ReadonlySet<string>;
  queues: ReadonlyMap<string, { consumers: number; unacknowledged: number }>;
  exclusive: Set<string>;
}

export const nothingKept = (): Kept => ({
  connections: new Set(),
  queues: new Map(),
  exclusive: new Set(),
});

export function keptIn({ queues, connections }: VhostState): Kept {
  const shared = queues.filter(({ exclusive }) => !exclusive);
  return {
    connections: new Set(connections),
    queues: new Map(
      shared
        .filter(({ consumers, unacknowledged }) => consumers > 0 || unacknowledged > 0)
        .map(({ name, consumers, unacknowledged }) => [name, { consumers, unacknowledged }]),
    ),
    exclusive: new Set(exclusiveIn(queues)),
  };
}

export function keepsAnything({ queues, exclusive }: Kept): boolean {
  return queues.size > 0 || exclusive.size > 0;
}

/** Its consumers are to live on. */
export function isKept({ name, consumers }: LiveQueue, { queues }: Kept): boolean {
  return consumers > 0 && (queues.get(name)?.consumers ?? 0) > 0;
}

/** More consume from it than at the baseline. */
export function isCrowded({ name, consumers }: LiveQueue, { queues }: Kept): boolean {
  return consumers > (queues.get(name)?.consumers ?? 0);
}

/** More of its messages are in somebody's hands than at the baseline. */
export function isHeld({ name, unacknowledged }: LiveQueue, { queues }: Kept): boolean {
  return unacknowledged > (queues.get(name)?.unacknowledged ?? 0);
}

/** Exclusive queues that were declared since. */
export function newExclusive({ queues }: VhostState, { exclusive }: Kept): string[] {
  const all = exclusiveIn(queues);
  return all.length > exclusive.size ? all.filter((name) => !exclusive.has(name)) : [];
}

/** What was in their hands at the baseline and no longer is does not go there again. */
export function forgetFinished({ queues }: VhostState, kept: Kept): void {
  for (const { name, unacknowledged } of queues) {
    const then = kept.queues.get(name);
    if (then) then.unacknowledged = Math.min(then.unacknowledged, unacknowledged);
  }
}

function exclusiveIn(queues: readonly LiveQueue[]): string[] {
  return queues.filter(({ exclusive }) => exclusive).map(({ name }) => name);
}
