import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * What tells a process from a later one with the same pid: the pid and the time it started.
 * `undefined` where no such process runs (a zombie does not).
 */
export function identify(pid: number): string | undefined {
  const started = process.platform === 'linux' ? startedLinux(pid) : startedPosix(pid);
  return started && `${pid}:${started}`;
}

/** Whether the process that `identity` names still runs. */
export function isAlive(identity: string): boolean {
  const pid = Number(identity.split(':', 1)[0]);
  return Number.isSafeInteger(pid) && identify(pid) === identity;
}

/** Of a process that we may kill: never of the first one, which in a container may be a runner. */
export function pidOf(identity: string): number | undefined {
  const pid = Number(identity.split(':', 1)[0]);
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
}

/** proc(5): after the command in parentheses, field 3 is the state and field 22 the start time. */
function startedLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function startedPosix(pid: number): string | undefined {
  try {
    const out = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
    }).trim();
    return out.startsWith('Z') ? undefined : out.replace(/^\S+\s+/, '').replaceAll(' ', '_');
  } catch {
    return undefined;
  }
}
