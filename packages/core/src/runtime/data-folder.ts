import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isOwnFolder, ownFolder } from '../system/private-folder';
import { identify, isAlive } from '../system/process-identity';

export const memoryFolder = '/dev/shm';
export const roomNeeded = 512 * 1024 * 1024;

/** Bytes; a longer TMPDIR leaves too few for the path of a unix socket (103 on macOS). */
const longestBase = 50;

const prefix = 'seamkit-data-';

/**
 * Where a run's data folders will lie: in memory where at least 512 MiB are free (creating a file
 * there costs a tenth), else below TMPDIR, or below /tmp where TMPDIR's path is too long for sockets.
 * @param owner random, so that nobody else can have made it before
 */
export function dataRoot(owner: string): string {
  const short = Buffer.byteLength(tmpdir()) <= longestBase ? tmpdir() : '/tmp';
  return join(hasRoom(memoryFolder) ? memoryFolder : short, prefix + owner);
}

/**
 * Makes it, for servers of another uid to pass through. It names the process that did.
 * @throws SeamkitError `FOLDER_UNUSABLE`
 */
export function makeDataRoot(folder: string): void {
  ownFolder(folder, 0o711);
  chmodSync(folder, 0o711); // whatever the umask
  writeFileSync(join(folder, 'keeper'), identify(process.pid)!, { mode: 0o600 });
}

/** The folders that `makeDataRoot` has made for this user's runs whose keepers are dead. */
export function deadDataFolders(): string[] {
  return [...new Set([memoryFolder, tmpdir(), '/tmp'])]
    .filter((base) => existsSync(base))
    .flatMap((base) => readdirSync(base).map((name) => join(base, name)))
    .filter((path) => basename(path).startsWith(prefix) && isOwnFolder(path))
    .filter(isDead);
}

function isDead(folder: string): boolean {
  try {
    return !isAlive(readFileSync(join(folder, 'keeper'), 'utf8'));
  } catch {
    return false; // just being made, or removed
  }
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
