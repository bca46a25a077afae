import { chmod, lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SeamkitError } from '../errors';

/**
 * Takes over what a server's user has made, now that nothing of it runs any more: nobody else may
 * change it, everybody may read it. Links are kept and not followed; what could be a file of
 * somebody else (a second name of it) or is no file is refused.
 * @throws SeamkitError `START_FAILED`
 */
export async function handOver(folder: string): Promise<void> {
  const [uid, gid] = [process.getuid!(), process.getgid!()];
  await take(folder);

  async function take(path: string): Promise<void> {
    const stat = await lstat(path);
    const odd = stat.isDirectory() || stat.isSymbolicLink() ? undefined : oddity(stat);
    if (odd) {
      throw new SeamkitError('START_FAILED', `${path} ${odd}, so the folder is not kept`, {
        hint: 'run the tests again; if it happens again, report it to the kit that made the folder',
      });
    }
    await lchown(path, uid, gid);
    if (stat.isSymbolicLink()) return;
    // Also removes the rights to run as their owner, and what access lists allow.
    await chmod(path, stat.isDirectory() || stat.mode & 0o100 ? 0o755 : 0o644);
    if (!stat.isDirectory()) return;
    for (const name of await readdir(path)) await take(join(path, name));
  }
}

function oddity(stat: { isFile(): boolean; nlink: number }): string | undefined {
  if (!stat.isFile()) return 'is neither a file, a folder nor a link';
  return stat.nlink > 1 ? 'has a second name elsewhere' : undefined;
}
