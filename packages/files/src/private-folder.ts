import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fingerprint, SeamkitError } from '@seamkit/core';
import { remove } from './entry';
import { real } from './real-fs';

/** `seamkit-files-<where pids count>-<pid>-<random>` */
const pattern = /^seamkit-files-([0-9a-f]{16})-(\d+)-/;

/**
 * A folder of this process below `parent`, 0700. Those that dead processes left are removed first.
 * @throws SeamkitError `FOLDER_UNUSABLE`
 */
export function makePrivateFolder(parent: string): string {
  try {
    const folder = real.realpathSync(parent);
    sweep(folder);
    return real.mkdtempSync(join(folder, `seamkit-files-${pidSpace()}-${process.pid}-`));
  } catch (error) {
    throw SeamkitError.wrap(error, 'FOLDER_UNUSABLE', `no folder can be made in ${parent}`, {
      hint: "pass a folder of yours as 'parent', or set TMPDIR to one",
    });
  }
}

/** Nothing else than folders of ours whose process is known to be gone. */
function sweep(parent: string): void {
  for (const name of real.readdirSync(parent)) {
    const [, space, pid] = pattern.exec(name) ?? [];
    if (space !== pidSpace() || isAlive(Number(pid))) continue;
    try {
      if (real.lstatSync(join(parent, name)).uid === process.getuid?.()) remove(parent, name);
    } catch {
      // Another process sweeps it at this moment, or it is not ours to remove.
    }
  }
}

/** Containers may share a folder, and their pids mean different processes. */
function pidSpace(): string {
  let space = '';
  try {
    space = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: the host is all there is.
  }
  return fingerprint([hostname(), space]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
