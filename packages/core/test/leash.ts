import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { identify } from '../dist/system/process-identity';

/** The pid of a keeper's leash (its arguments have the keeper's identity). Linux only. */
export function leashOf(keeper: number): number | undefined {
  const pid = readdirSync('/proc').find((name) => {
    const args = argumentsOf(name);
    return basename(args[1] ?? '') === 'leash.js' && args.includes(identify(keeper)!);
  });
  return pid === undefined ? undefined : Number(pid);
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return []; // no process, or one that has just ended
  }
}
