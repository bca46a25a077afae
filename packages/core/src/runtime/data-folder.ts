import { existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownFolder } from '../private-folder';

const memory = '/dev/shm';
const roomNeeded = 512 * 1024 * 1024;

/**
 * The folder that holds a run's data folders: in memory where at least 512 MiB are free (creating
 * a file there costs a tenth), else below TMPDIR.
 */
export function dataRoot(owner: string): string {
  const base = ownFolder(
    join(hasRoom(memory) ? memory : tmpdir(), `seamkit-data-${process.getuid?.() ?? 0}`),
    0o711,
  );
  return ownFolder(join(base, owner), 0o711);
}

function hasRoom(path: string): boolean {
  if (process.platform !== 'linux' || !existsSync(path)) return false;
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize >= roomNeeded;
  } catch {
    return false;
  }
}
