import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, realpathSync, rmdirSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own, in memory, that can be full. Needs root. */
export class SmallDisk {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-disk-')));

  /** Why it is not available here; undefined where it is. */
  static missing(): string | undefined {
    return process.getuid?.() === 0 ? undefined : 'mounting a small disk needs root';
  }

  constructor(private readonly megabytes: number) {
    const options = `size=${megabytes}m,mode=0755`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'seamkit-matrix', this.folder]);
    chmodSync(this.folder, 0o755);
  }

  /** Leaves no room at all. */
  fill(): void {
    shrink(this.folder);
  }

  /** As large as it was. */
  free(): void {
    execFileSync('mount', ['-o', `remount,size=${this.megabytes}m`, this.folder]);
  }

  remove(): void {
    execFileSync('umount', ['-l', this.folder]);
    rmdirSync(this.folder);
  }
}

/**
 * Leaves a file system in memory no more room than what it holds.
 * @param pid a process in whose mount namespace it is, where that is another
 */
export function shrink(folder: string, pid: number | 'self' = 'self'): void {
  const there = pid === 'self' ? [] : ['--namespace', String(pid)];
  for (let attempt = 0; ; attempt++) {
    const { blocks, bfree, bsize } = statfsSync(`/proc/${pid}/root${folder}`);
    const size = (Math.max(blocks - bfree, 1) + attempt) * bsize;
    try {
      execFileSync('mount', [...there, '-o', `remount,size=${size}`, folder], { stdio: 'pipe' });
      return;
    } catch (error) {
      if (attempt === 50) throw error; // else it has grown meanwhile
    }
  }
}
