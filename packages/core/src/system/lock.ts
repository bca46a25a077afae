import { createHash, randomBytes } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
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

/** Gives back the lock at `path` where this process has it, or a dead one. */
export function dropLock(path: string): void {
  removeIf(path, identify(process.pid)!);
  clearLock(path);
}

/** Removes what dead processes left of a lock: theirs, and what they were making of it when killed. */
export function clearLock(path: string): void {
  tryLock(path)?.();
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(`${basename(path)}.`)) continue;
    const file = join(dirname(path), name);
    const maker = aside.exec(name)?.[1];
    const owner = maker ? identify(Number(maker)) : readOwner(file);
    if (maker ? !owner : owner && !isAlive(owner)) rmSync(file, { force: true });
  }
}

/** A name that `linkNew` gives: it ends with its maker's pid and eight digits. */
const aside = /\.(\d+)\.[0-9a-f]{8}$/;

/** Creates `path` with its whole content at once; false where it exists. */
function linkNew(path: string, content: string): boolean {
  const file = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(file, content, { mode: 0o600 });
    linkSync(file, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(file, { force: true }); // also what a full disk left of it
  }
}

function removeIf(path: string, owner: string): void {
  if (readOwner(path) === owner) rmSync(path, { force: true });
}

/** Who has a lock, by identity; undefined where nobody does. */
export function readOwner(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
