import { createHash, randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { identify, isAlive } from './process-identity';

/**
 * Tries to take the lock at `path` for this process. A lock whose owner is dead is free, at once
 * and whatever killed it; of all who find it so, one gets it.
 * @returns how to give it back, or undefined where a living process has it
 */
export function tryLock(path: string): (() => void) | undefined {
  const mine = identify(process.pid)!;
  for (;;) {
    if (linkNew(path, mine)) return () => removeIf(path, mine);
    const owner = readOwner(path);
    if (owner === undefined) continue; // given back in between
    if (isAlive(owner)) return undefined;
    // Clearing a dead owner's lock is itself done under a lock, which that owner's name makes
    // unique: else a slow clearer could remove the lock that a quick one has taken meanwhile.
    const clearing = tryLock(
      `${path}.${createHash('sha256').update(owner).digest('hex').slice(0, 8)}`,
    );
    if (!clearing) return undefined;
    removeIf(path, owner);
    clearing();
  }
}

/** Creates `path` with its whole content at once; false where it exists. */
function linkNew(path: string, content: string): boolean {
  const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(aside, content, { mode: 0o600 });
    linkSync(aside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(aside, { force: true }); // also what a full disk left of it
  }
}

function removeIf(path: string, owner: string): void {
  if (readOwner(path) === owner) unlinkSync(path);
}

function readOwner(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
