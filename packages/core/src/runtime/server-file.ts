import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverUser } from './server-user';

/** Writes a file that the server's user may read but not exchange; makes its folder. */
export function writeForServer(folder: string, name: string, content: string): string {
  const path = join(folder, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(path, content, { mode: 0o600 });
  share(path, 0o640);
  share(folder, 0o750);
  return path;
}

/** With the group of root's servers. Other users' servers run as their users themselves. */
function share(path: string, mode: number): void {
  if (serverUser.gid === undefined) return;
  chownSync(path, 0, serverUser.gid);
  chmodSync(path, mode);
}
