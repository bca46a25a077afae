import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeamkitError } from '../errors';
import type { Ledger } from '../system/ledger';
import { tryLock } from '../system/lock';
import { isOwnFolder, stateFolder } from '../system/private-folder';

/** Spawn options that drop root. */
export interface ServerUser {
  uid: number;
  gid: number;
}

/**
 * What distributions and systemd leave unused (its UIDS-GIDS.md), within what is mapped in containers
 * with user namespaces.
 */
const lowest = 60_706;
const highest = 61_183;
const count = highest - lowest + 1;

/**
 * Who a keeper's servers run as, where it is root: a user and a group that nothing else on this
 * machine has, so that nobody else can read, change or stop what is theirs. Taken for the keeper's
 * life. (Some servers refuse root, none needs it.)
 * @param first the number to begin with
 * @throws SeamkitError `PERMISSION_MISSING` where none can be taken
 */
export function takeServerUser(
  ledger: Ledger,
  first = lowest + randomInt(count),
): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const folder = locksFolder();
  for (let step = 0; step < count; step++) {
    const id = lowest + ((first - lowest + step) % count);
    const lock = join(folder, `seamkit-user-${id}`);
    const release = isMapped(id) && tryLock(lock);
    if (!release) continue;
    // Asked under the lock: of a dead keeper, whose lock is free, a server may still be dying.
    if (isFree(id)) {
      ledger.add({ kind: 'lock', path: lock });
      return { uid: id, gid: id };
    }
    release();
  }
  throw new SeamkitError('PERMISSION_MISSING', 'there is no free user id for servers to run as', {
    tried: [`${lowest} to ${highest}: in use, or not mapped in this user namespace`],
    hint: 'run the tests as a user other than root, or set SEAMKIT_RUNTIME=container',
  });
}

/**
 * The user with a name (`nobody`) in the group of `user` alone, for programs that insist on a name.
 * Other processes of nobody lack that group: they can neither enter its folders nor trace it.
 */
export function named(user: ServerUser): ServerUser {
  const uid = /^nobody:[^:]*:(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[1];
  return { ...user, uid: Number(uid ?? 65_534) };
}

/** One for all keepers of root, whatever their environment; of root's own, so that no name is taken. */
function locksFolder(): string {
  try {
    accessSync('/run', constants.W_OK);
    if (isOwnFolder('/run')) return '/run';
  } catch {
    // Not there (macOS), or read-only.
  }
  return stateFolder();
}

function isFree(id: number): boolean {
  return !isNamed('passwd', id) && !isNamed('group', id) && !isRunning(id);
}

/** By the system's name service, which may know more than files. */
function isNamed(database: 'passwd' | 'group', id: number): boolean {
  const { status } = spawnSync('getent', [database, String(id)], { stdio: 'ignore' });
  if (status !== null) return status === 0;
  return readFileSync(`/etc/${database}`, 'utf8').includes(`:${id}:`); // no getent (macOS)
}

/** Whether a process has this id, as its user or among its groups. */
function isRunning(id: number): boolean {
  const name = new RegExp(`\\b${id}\\b`);
  if (process.platform !== 'linux') {
    const { stdout } = spawnSync('ps', ['-axo', 'uid=,gid='], { encoding: 'utf8' });
    return name.test(stdout);
  }
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .some((pid) => {
      return read(`/proc/${pid}/status`)
        .match(/^(Uid|Gid|Groups):.*$/gm)
        ?.some((line) => name.test(line));
    });
}

/** user_namespaces(7): lines of a first id inside, one outside, and how many. */
function isMapped(id: number): boolean {
  return ['uid_map', 'gid_map'].every((file) => {
    const map = read(`/proc/self/${file}`);
    if (!map) return true; // a system without
    return map.split('\n').some((line) => {
      const [inside = Number.NaN, , count = 0] = line.trim().split(/\s+/).map(Number);
      return inside <= id && id < inside + count;
    });
  });
}

/** Nothing where there is no such file, or its process has just ended. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
