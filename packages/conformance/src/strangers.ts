import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
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

/** A folder and all that is in it. */
export function below(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return [folder, ...entries.map((entry) => join(folder, entry))];
}
