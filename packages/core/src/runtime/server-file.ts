import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerUser } from './server-user';

/**
 * Writes a file that the server's user may read but not exchange; makes its folder.
 * @param user undefined where that is the keeper's own
 */
export function writeForServer(
  folder: string,
  name: string,
  content: string,
  user: ServerUser | undefined,
): string {
  const path = join(folder, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(path, content, { mode: 0o600 });
  if (user) {
    share(path, user, 0o640);
    share(folder, user, 0o750);
  }
  return path;
}

/** Gives root's own file or folder to the group of its servers. */
export function share(path: string, { gid }: ServerUser, mode: number): void {
  chownSync(path, 0, gid);
  chmodSync(path, mode);
}
