import type { Call } from './client';

/** ms after which a run that opened its sandbox no more counts as dead. */
const lasts = 3_600_000;

/**
 * Writes down, on a server that machines share, that a space is this run's and that the run lives.
 * Before the space is made: only what has a lease is ever swept. A name alone proves nothing, and
 * what a server's own keeper has there holds no lease.
 */
export function renewLease(call: Call, owner: string, space: string): Promise<unknown> {
  return call('PUT', leaseOf(space), { owner, until: String(Date.now() + lasts) });
}

/** Resolves if there is none. */
export function endLease(call: Call, space: string): Promise<unknown> {
  return call('DELETE', leaseOf(space));
}

/** Removes the spaces whose lease is over, or whose owner has `ended`. Returns their names. */
export async function sweepDead(call: Call, ended?: string): Promise<string[]> {
  const removed: string[] = [];
  for (const name of (await call('GET', '')) as string[]) {
    const space = /^(seamkit_.*)_lease$/.exec(name)?.[1];
    const lease = space && (await call('GET', name));
    if (!lease || (lease.owner !== ended && Number(lease.until) > Date.now())) continue;
    await call('DELETE', space);
    await endLease(call, space);
    removed.push(space);
  }
  return removed;
}

function leaseOf(space: string): string {
  return `${space}_lease`;
}
