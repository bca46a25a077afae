import { createHash, randomBytes } from 'node:crypto';
import { accessSync, constants, readlinkSync } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm, statfs } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SeamkitError } from '../errors';
import { fingerprint } from '../fingerprint';
import { tryLock } from '../system/lock';
import { makeFolder } from '../system/make-folder';
import { exposure } from '../system/private-folder';
import { type Variables, variable } from '../variables';
import { megabytes } from './megabytes';
import { lockedFolder } from './reachable';

export type Environment = Variables;

const pollInterval = 100;
const abandoned = 24 * 60 * 60 * 1000;

/**
 * The user's cache: `SEAMKIT_CACHE`, else `$XDG_CACHE_HOME/seamkit`, else `~/.cache/seamkit`. Root's
 * servers run as another user, so where that one cannot enter root's folders it is
 * `/var/cache/seamkit`. Made if it is missing.
 * @throws SeamkitError `FOLDER_UNUSABLE`
 */
export function cacheFolder(env: Environment = process.env): string {
  const folder = choose(env);
  refuseExposed(folder);
  try {
    makeFolder(folder, 0o755);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(folder, error);
  }
  refuseExposed(folder);
  return folder;
}

/** @throws SeamkitError `FOLDER_UNUSABLE` where others could change the cache that programs run from */
function refuseExposed(folder: string): void {
  const found = exposure(folder);
  if (!found) return;
  const { at, why, fix } = found;
  const what = at === folder ? '' : `${at} `;
  throw new SeamkitError('FOLDER_UNUSABLE', `the cache ${folder} is not safe: ${what}${why}`, {
    hint: `servers are run from it; close it to others: ${fix}; or set SEAMKIT_CACHE to a folder of your own`,
  });
}

/**
 * A path in the cache that nobody else could have changed.
 * @throws SeamkitError `FOLDER_UNUSABLE`
 */
export function unchanged(path: string): string {
  const found = exposure(path);
  if (!found) return path;
  const { at, why } = found;
  throw new SeamkitError('FOLDER_UNUSABLE', `${at} in the cache ${why}`, {
    hint: `somebody else may have changed it; remove it, and it is made again: rm -r ${at}`,
  });
}

/**
 * A folder in the cache that is made once for all processes of this user. `build` fills a folder
 * aside, which then appears by one rename. One process works while the others wait; a build that
 * fails or is killed leaves nothing that is taken for whole, and the next caller builds anew.
 * @throws SeamkitError `FOLDER_UNUSABLE`, and what `build` throws
 */
export function once(
  key: unknown,
  title: string,
  build: (folder: string) => Promise<void>,
  env?: Environment,
): Promise<string> {
  return makeOnce(join(cacheFolder(env), 'made', fingerprint(key)), title, build);
}

/** As `once`, at a place of one's own inside the cache. `waiting` is told whom it waits for. */
export async function makeOnce(
  place: string,
  title: string,
  build: (folder: string) => Promise<void>,
  waiting: (text: string) => void = () => {},
): Promise<string> {
  let told = false;
  try {
    await mkdir(dirname(place), { recursive: true, mode: 0o755 });
    for (;;) {
      if (await exists(place)) return unchanged(place);
      const unlock = tryLock(`${place}.lock`);
      if (unlock) {
        try {
          return await make(place, build);
        } finally {
          unlock();
        }
      }
      if (!told) waiting(`another process is at it (${title})`);
      told = true;
      await delay(pollInterval);
    }
  } catch (error) {
    throw isFileError(error) ? unusable(place, error) : error;
  }
}

/**
 * Refuses work that needs more room than there is.
 * @throws SeamkitError `FOLDER_UNUSABLE`
 */
export async function needSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new SeamkitError(
    'FOLDER_UNUSABLE',
    `the cache ${folder} has ${megabytes(free)} MB left, and about ${megabytes(bytes)} MB are needed`,
    { hint: 'free some space, or set SEAMKIT_CACHE to a folder on another disk' },
  );
}

/** Under the lock. */
async function make(place: string, build: (folder: string) => Promise<void>): Promise<string> {
  if (await exists(place)) return place;
  await removeLeftovers(place);
  const aside = `${place}.tmp-${neighbourhood}-${process.pid}-${randomBytes(4).toString('hex')}`;
  await mkdir(aside, { mode: 0o755 });
  try {
    await build(aside);
    await rename(aside, place);
  } catch (error) {
    await removeFolder(aside);
    // Another container that shares this cache can have made it: locks end at its border.
    const { code } = error as NodeJS.ErrnoException;
    if ((code === 'ENOTEMPTY' || code === 'EEXIST') && (await exists(place))) return place;
    throw error;
  }
  return place;
}

/**
 * What killed builds left. Of this neighbourhood everything, since the lock is ours; of another
 * one, which may be at work, only what is old.
 */
async function removeLeftovers(place: string): Promise<void> {
  const prefix = `${basename(place)}.tmp-`;
  for (const name of await readdir(dirname(place))) {
    if (!name.startsWith(prefix)) continue;
    const path = join(dirname(place), name);
    const age = Date.now() - ((await lstat(path).catch(() => undefined))?.mtimeMs ?? 0);
    if (name.startsWith(prefix + neighbourhood) || age > abandoned) {
      await removeFolder(path);
    }
  }
}

/** Patiently: what a killed build had started may still write there. */
function removeFolder(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
}

/** Processes with equal values see each other's pids. */
const neighbourhood = createHash('sha256')
  .update(`${hostname()} ${pidNamespace()}`)
  .digest('hex')
  .slice(0, 8);

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function choose(env: Environment): string {
  const explicit = variable('SEAMKIT_CACHE', env);
  if (explicit) {
    const wrong = isAbsolute(explicit) ? undefined : 'is not an absolute path';
    const locked = process.getuid?.() === 0 && lockedFolder(explicit);
    if (wrong || locked) {
      throw new SeamkitError(
        'FOLDER_UNUSABLE',
        `SEAMKIT_CACHE=${explicit} ${wrong ?? `cannot be entered by the user that root's servers run as: ${locked} is closed`}`,
        { hint: 'set it to a folder that everybody may enter, e.g. /var/cache/seamkit' },
      );
    }
    return explicit;
  }
  const xdg = env.XDG_CACHE_HOME || process.env.XDG_CACHE_HOME;
  const base = xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache');
  const folder = join(base, 'seamkit');
  return process.getuid?.() === 0 && lockedFolder(folder) ? '/var/cache/seamkit' : folder;
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Reasons that lie in the cache itself rather than in what is built. */
function isFileError(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR'].includes(code ?? '');
}

function unusable(folder: string, error: unknown): SeamkitError {
  const { code } = error as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return SeamkitError.wrap(
    error,
    'FOLDER_UNUSABLE',
    full ? `no space left for ${folder}` : `the cache ${folder} cannot be written`,
    {
      hint: full
        ? `free some space, or set SEAMKIT_CACHE to a folder on another disk`
        : `make it writable, or set SEAMKIT_CACHE to a folder of your own`,
    },
  );
}
