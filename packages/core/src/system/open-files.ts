import { readFileSync } from 'node:fs';
import { SeamkitError } from '../errors';

/** A keeper with one server wants some 40. */
const fewest = 64;

/** How many files a process may have open, as its children inherit it; undefined where none can tell. */
export function openFilesLimit(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]) || undefined; // or unlimited
  } catch {
    return undefined;
  }
}

/** @throws SeamkitError `KEEPER_FAILED` where a keeper would fail in the middle of its work */
export function requireOpenFiles(): void {
  const limit = openFilesLimit() ?? fewest;
  if (limit >= fewest) return;
  throw new SeamkitError(
    'KEEPER_FAILED',
    `a process may have only ${limit} files open, and the keeper needs ${fewest}`,
    { hint: 'ulimit -n 1024' },
  );
}
