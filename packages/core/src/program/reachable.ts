import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The folder on the way to `path` that keeps out the user that root's servers run as, if any. A
 * missing folder does not count.
 */
export function lockedFolder(path: string): string | undefined {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder)) {
      const stat = statSync(folder);
      if (stat.isDirectory() && !(stat.mode & 0o001)) return folder;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

/** Why a server could not be run from here by the user that it gets, if so. */
export function outOfReach(program: string): string | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const real = realpathSync(program);
  const locked = lockedFolder(dirname(real));
  if (locked) return `servers of root run as another user, who cannot enter ${locked}`;
  return statSync(real).mode & 0o001
    ? undefined
    : 'servers of root run as another user, who may not run it';
}
