import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, realpathSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own, in memory, that can be full. Needs root. */
export class SmallDisk {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-disk-')));

  /** Why it cannot be had here, where it cannot. */
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

/** Gives a file system in memory the size of what it holds. @param prefix where it is mounted */
export function shrink(folder: string, prefix: readonly string[] = []): void {
  const call = (...command: string[]) => {
    const [file, ...args] = [...prefix, ...command] as [string, ...string[]];
    return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  };
  for (let attempt = 1; ; attempt++) {
    const used = call('df', '-k', '--output=used', folder).split('\n')[1]!.trim();
    try {
      call('mount', '-o', `remount,size=${Number(used) + 4 * attempt}k`, folder);
      return;
    } catch (error) {
      if (attempt === 50) throw error; // else it has grown meanwhile
    }
  }
}
