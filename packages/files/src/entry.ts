import type { BigIntStats } from 'node:fs';
import { below, join, type RawPath } from './raw-path';
import { real } from './real-fs';

export type EntryType = 'file' | 'folder' | 'link' | 'other';

export function typeOf(stat: BigIntStats): EntryType {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'folder';
  return stat.isSymbolicLink() ? 'link' : 'other';
}

export function look(path: Buffer): BigIntStats | undefined {
  return real.lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

/** Permission bits, with set-uid, set-gid and sticky. */
export function modeOf(stat: BigIntStats): number {
  return Number(stat.mode) & 0o7777;
}

export function namesIn(path: Buffer): RawPath[] {
  return real
    .readdirSync(path, { encoding: 'buffer' })
    .map((name) => name.toString('latin1'))
    .sort();
}

/** Runs `work` with the owner's full rights on a folder, which has its mode back afterwards. */
export function entering<R>(path: Buffer, stat: BigIntStats, work: () => R): R {
  const mode = modeOf(stat);
  if (process.geteuid?.() === 0 || (mode & 0o500) === 0o500) return work();
  real.chmodSync(path, mode | 0o700);
  try {
    return work();
  } finally {
    real.chmodSync(path, mode);
  }
}

/** A file's content, also where its mode forbids it. On Linux its access time stays. */
export function contentOf(path: Buffer, stat: BigIntStats): Buffer {
  const { O_RDONLY, O_NOATIME = 0 } = real.constants;
  const read = () => real.readFileSync(path, { flag: (O_RDONLY | O_NOATIME) as any });
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPERM') return real.readFileSync(path); // another user's: no O_NOATIME for us
    if (code !== 'EACCES') throw error;
    real.chmodSync(path, modeOf(stat) | 0o400);
    try {
      return read();
    } finally {
      real.chmodSync(path, modeOf(stat));
    }
  }
}

/** Removes whatever is there, with all below it; follows no link. */
export function remove(root: string, raw: RawPath): void {
  const path = below(root, raw);
  const stat = look(path);
  if (!stat) return;
  if (typeOf(stat) !== 'folder') {
    real.unlinkSync(path);
    return;
  }
  if ((modeOf(stat) & 0o700) !== 0o700) real.chmodSync(path, 0o700);
  for (const name of namesIn(path)) remove(root, join(raw, name));
  real.rmdirSync(path);
}
