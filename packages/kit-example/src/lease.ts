import type { Call } from './client';

/** ms after which a run that opened no sandbox counts as dead. */
const lasts = 3_600_000;

/** Writes down, on a server that machines share, that this run lives. */
export function renewLease(call: Call, owner: string): Promise<unknown> {
  return call('PUT', leaseOf(owner), { until: String(Date.now() + lasts) });
}

/** Removes all that bears our name and whose owner is dead, or is `ended`. Returns the names. */
export async function sweepDead(call: Call, ended?: string): Promise<string[]> {
  const removed: string[] = [];
  for (const name of (await call('GET', '')) as string[]) {
    const owner = /^seamkit_([^_]+)_[^_]+$/.exec(name)?.[1];
    if (!owner) continue;
    const lease = owner === ended ? undefined : await call('GET', leaseOf(owner));
    if (Number(lease?.until) > Date.now()) continue;
    await call('DELETE', name);
    removed.push(name);
  }
  return removed;
}

function leaseOf(owner: string): string {
  return `seamkit_${owner}_lease`;
}
