import { lstatSync, mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { SeamkitError } from './errors';

/**
 * Makes sure that `path` is a folder of ours that nobody else can write to, in one that nobody but
 * root could have exchanged it in.
 * @param mode 0o700, or 0o711 where servers of another uid must pass through
 * @throws SeamkitError `FOLDER_UNUSABLE`
 */
export function ownFolder(path: string, mode = 0o700): string {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(path, error);
  }
  const stat = lstatSync(path);
  if (!stat.isDirectory()) throw unsafe(path, 'is not a folder');
  if (stat.uid !== process.getuid?.()) throw unsafe(path, `belongs to uid ${stat.uid}`);
  if (stat.mode & 0o777 & ~mode) {
    throw unsafe(path, `is open to others (mode ${(stat.mode & 0o777).toString(8)})`);
  }
  const parent = dirname(path);
  const { uid } = statSync(parent);
  if (uid !== 0 && uid !== process.getuid?.()) throw unsafe(parent, `belongs to uid ${uid}`);
  return path;
}

/** Whether `path` is a folder of ours that nobody else can write to, without making it. */
export function isOwnFolder(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return !!stat?.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0;
}

/** Where sockets and ledgers live: short paths, since a socket's may have 103 bytes on macOS. */
export function stateFolder(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  const base = runtime && isAbsolute(runtime) ? runtime : tmpdir();
  const uid = process.getuid?.() ?? 0;
  const folder = join(base, `seamkit-${uid}`);
  return ownFolder(folder.length < 60 ? folder : `/tmp/seamkit-${uid}`);
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
    hint: `see what is in its way (df ${folder}; ls -ld ${folder}), or set XDG_RUNTIME_DIR or TMPDIR to another folder of yours`,
  });
}

function unsafe(path: string, why: string): SeamkitError {
  return new SeamkitError('FOLDER_UNUSABLE', `the folder ${path} ${why}`, {
    hint: `look at it (ls -ld ${path}); remove it if it is not yours, or set XDG_RUNTIME_DIR or TMPDIR to a private folder`,
  });
}
