import { execFileSync } from 'node:child_process';
import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Stranger } from './harness';

/** Somebody else on this machine: a user id that neither a person nor a server has. */
export const stranger: Stranger =
  process.getuid?.() === 0 ? { uid: 2_000_000_011, gid: 2_000_000_011 } : {};

const open = 'for path; do if [ -r "$path" ] || [ -w "$path" ]; then echo "$path"; fi; done';

/** Which of these files, folders and unix sockets a stranger can open. Asks as one, so for root only. */
export function openToStrangers(paths: readonly string[]): string[] {
  if (stranger.uid === undefined) return [];
  const args = ['-c', open, 'sh', ...paths];
  return execFileSync('/bin/sh', args, { ...stranger, cwd: '/', encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
}

/** All that is in a folder; what goes away meanwhile is left out. */
export function below(folder: string): string[] {
  let entries: Dirent[] = [];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? [path, ...below(path)] : [path];
  });
}
