import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process of this machine, as Linux's /proc shows it. */
export interface Process {
  pid: number;
  parent: number;
  group: number;
  /** What tells it from a later one with the same pid. */
  identity: string;
  args: string[];
  /** `NAME=value`. */
  environment: string[];
  folder: string;
}

/** Everything that runs and that we may look into; no zombies. */
export function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => look(Number(pid)) ?? []);
}

/** One process, or undefined where it is gone (a zombie is). */
export function look(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the command in parentheses come the state, the parent, the group, …, the start time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return {
      pid,
      parent: Number(fields[1]),
      group: Number(fields[2]),
      identity: `${pid}:${fields[19]}`,
      args: strings(`/proc/${pid}/cmdline`),
      environment: strings(`/proc/${pid}/environ`),
      folder: readlinkSync(`/proc/${pid}/cwd`),
    };
  } catch {
    return undefined; // it has just ended
  }
}

function strings(path: string): string[] {
  return readFileSync(path, 'utf8').split('\0').slice(0, -1);
}
