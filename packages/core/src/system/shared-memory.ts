import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const patience = 1_000;
const pollInterval = 20;

interface Segment {
  id: string;
  creator: number;
  attached: number;
}

/**
 * Removes the System V shared memory that killed processes made: the kernel keeps it, and has room
 * for some thousand segments only, after which a PostgreSQL cannot start. Waits for those who still
 * die to let go of it. Linux only (proc(5), /proc/sysvipc/shm). Never throws.
 */
export async function removeSegments(creators: readonly number[]): Promise<void> {
  for (const deadline = performance.now() + patience; performance.now() < deadline; ) {
    const left = segments().filter(({ creator }) => creators.includes(creator));
    const free = left.filter(({ attached }) => attached === 0);
    await Promise.all(
      free.map(({ id }) => promisify(execFile)('ipcrm', ['-m', id]).catch(() => {})),
    );
    if (free.length === left.length) return;
    await delay(pollInterval);
  }
}

function segments(): Segment[] {
  let table: string;
  try {
    table = readFileSync('/proc/sysvipc/shm', 'utf8');
  } catch {
    return [];
  }
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .map(([, id = '', , , creator, , attached]) => ({
      id,
      creator: Number(creator),
      attached: Number(attached),
    }));
}
