import { lstatSync, mkdirSync, readlinkSync, type Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { SeamkitError } from '../errors';
import { shellWord } from '../shell-word';

/** What is wrong with a path, and where on the way to it. */
export interface Exposure {
  at: string;
  why: string;
  /** A command that may put it right. */
  fix: string;
}

const self = () => process.getuid?.() ?? 0;
const mostLinks = 40;

/**
 * Makes sure that `path` is a folder of ours that nobody else can write to, in one that nobody but
 * root could have exchanged it in.
 * @param mode 0o700, or 0o711 where servers of another uid must pass through
 * @throws SeamkitError `FOLDER_UNUSABLE`
 */
export function ownFolder(path: string, mode = 0o700): string {
  const theirs = stranger(dirname(path));
  if (theirs) throw unsafe(theirs.at, theirs.why);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(path, error);
  }
  const stat = lstatSync(path);
  if (!stat.isDirectory()) throw unsafe(path, 'is not a folder');
  if (stat.uid !== self()) throw unsafe(path, `belongs to uid ${stat.uid}`);
  if (stat.mode & 0o777 & ~mode) {
    throw unsafe(path, `is open to others (mode ${(stat.mode & 0o777).toString(8)})`);
  }
  return path;
}

/** Whether `path` is a folder of ours that nobody else can write to, without making it. */
export function isOwnFolder(path: string): boolean {
  const stat = look(path);
  return !!stat?.isDirectory() && stat.uid === self() && (stat.mode & 0o022) === 0;
}

/**
 * Where sockets and ledgers live: short paths, since a socket's may have 103 bytes on macOS. All
 * processes of a user come to the same one.
 * @throws SeamkitError `FOLDER_UNUSABLE`
 */
export function stateFolder(): string {
  const { usual, other } = stateFolders();
  return ownFolder(isTaken(usual) && canBeMade(dirname(other)) ? other : usual);
}

/** Where `stateFolder` may be: `other` where somebody else has made `usual`, as anybody can in /tmp. */
export function stateFolders(): { usual: string; other: string } {
  const runtime = process.env.XDG_RUNTIME_DIR;
  const base = runtime && isAbsolute(runtime) ? runtime : tmpdir();
  const name = `seamkit-${self()}`;
  const folder = join(base, name);
  return {
    usual: folder.length < 60 ? folder : join('/tmp', name),
    other: join(process.env.HOME ?? '/nowhere', '.cache', name),
  };
}

function canBeMade(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 }); // not `recursive`, which never ends below /proc
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST';
  }
}

/** Undefined where nothing is, or can be seen. */
function look(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** By somebody else, be it with a link or a file. */
function isTaken(path: string): boolean {
  const stat = look(path);
  return stat !== undefined && stat.uid !== self();
}

/** Who, other than root and us, could exchange what is at `path`, because a part of the way is theirs. */
function stranger(path: string): Exposure | undefined {
  for (const { at, stat } of wayTo(path).way) {
    if (isOurs(stat)) continue;
    const what = stat.isSymbolicLink() ? 'is a link that belongs' : 'belongs';
    const fix = stat.isSymbolicLink()
      ? `rm ${shellWord(at)}`
      : `chown -h ${self()} ${shellWord(at)}`;
    return { at, why: `${what} to uid ${stat.uid}`, fix };
  }
  return undefined;
}

/**
 * Who, other than root and us, could change what is at `path` or exchange it, if anybody: every
 * part of the way counts, links and where they lead, too. In a folder with the sticky bit nobody
 * can exchange what is ours. A path that is missing is as safe as the folder that it would be in.
 */
export function exposure(path: string): Exposure | undefined {
  const theirs = stranger(path);
  if (theirs) return theirs;
  const { way, whole } = wayTo(path);
  const open = way.filter(({ stat }, index) => {
    const sticky = stat.mode & 0o1000 && !(whole && index === way.length - 1);
    return !stat.isSymbolicLink() && stat.mode & 0o022 && !sticky;
  });
  if (!open[0]) return undefined;
  const { at, stat } = open[0];
  const why = `may be written to by others (mode ${(stat.mode & 0o7777).toString(8)})`;
  return { at, why, fix: `chmod go-w ${open.map((part) => shellWord(part.at)).join(' ')}` };
}

interface Part {
  at: string;
  stat: Stats;
}

/**
 * What is on the way to a path, from `/` down; of a link both itself and the way to its target.
 * `whole`: to its end. Nothing where the system has no such owners (Windows).
 */
function wayTo(path: string): { way: Part[]; whole: boolean } {
  if (!process.getuid) return { way: [], whole: false };
  const way: Part[] = [{ at: '/', stat: lstatSync('/') }];
  let left = segments(path);
  let at = '/';
  let links = 0;
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    const next = join(at, name);
    const stat = look(next);
    if (!stat) return { way, whole: false };
    way.push({ at: next, stat });
    if (stat.isSymbolicLink() && ++links <= mostLinks) {
      left = [...segments(resolve(at, readlinkSync(next))), ...left];
      at = '/';
    } else {
      at = next;
    }
  }
  return { way, whole: true };
}

function segments(path: string): string[] {
  return resolve(path).split(sep).filter(Boolean);
}

/** Whoever owns `/` can do everything: root, or where user namespaces hide it, who it appears as. */
function isOurs({ uid }: Stats): boolean {
  return uid === 0 || uid === self() || uid === lstatSync('/').uid;
}

function unusable(path: string, cause: unknown): SeamkitError {
  return SeamkitError.wrap(cause, 'FOLDER_UNUSABLE', `the folder ${path} cannot be made`, {
    hint: 'make its parent writable, or set XDG_RUNTIME_DIR (sockets) or TMPDIR to a folder of yours',
  });
}

/**
 * What to throw for an error of something that writes to `folder`: `FOLDER_UNUSABLE` where its disk
 * is full or it cannot be written, else the error itself.
 */
export function unwritable(folder: string, error: unknown): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  const full = ['ENOSPC', 'EDQUOT', 'EROFS'].includes(code ?? '');
  const closed = ['EACCES', 'EPERM'].includes(code ?? '') && path?.startsWith(folder);
  if (!full && !closed) return error;
  return SeamkitError.wrap(error, 'FOLDER_UNUSABLE', `the folder ${folder} cannot be written`, {
    hint: `see what is in its way (df ${shellWord(folder)}; ls -ld ${shellWord(folder)}), or set XDG_RUNTIME_DIR or TMPDIR to another folder of yours`,
  });
}

function unsafe(path: string, why: string): SeamkitError {
  return new SeamkitError('FOLDER_UNUSABLE', `the folder ${path} ${why}`, {
    hint: `see whose it is: ls -ld ${shellWord(path)}; to use a folder of your own: mkdir -m 700 ~/run && export XDG_RUNTIME_DIR=~/run TMPDIR=~/run`,
  });
}
