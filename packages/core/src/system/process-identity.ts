import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * What tells a process from a later one with the same pid: the pid and the time it started.
 * `undefined` where no such process runs (a zombie does not).
 */
export function identify(pid: number): string | undefined {
  const started = look(pid)?.started;
  return started && `${pid}:${started}`;
}

/** Whether the process that `identity` names still runs. */
export function isAlive(identity: string): boolean {
  const pid = Number(identity.split(':', 1)[0]);
  return Number.isSafeInteger(pid) && identify(pid) === identity;
}

/** Whether it is there and stopped, by SIGSTOP or by a debugger: it will not do anything by itself. */
export function isStopped(identity: string): boolean {
  const seen = look(Number(identity.split(':', 1)[0]));
  return /^[Tt]/.test(seen?.state ?? '') && isAlive(identity);
}

/** Kills the process that `identity` names, and no later one with its pid. */
export function endByIdentity(identity: string): void {
  const pid = pidOf(identity);
  if (pid === undefined || !isAlive(identity)) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Just now.
  }
}

/** Of a process that we may kill: never of the first one, which in a container may be a runner. */
export function pidOf(identity: string): number | undefined {
  const pid = Number(identity.split(':', 1)[0]);
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
}

/** Linux only; undefined where the process cannot be seen. */
export function processGroup(pid: number): string | undefined {
  try {
    return statFields(pid)[2];
  } catch {
    return undefined;
  }
}

interface Seen {
  /** As `ps` shows it: R, S, D, T, … */
  state: string;
  started: string;
}

function look(pid: number): Seen | undefined {
  try {
    const seen = process.platform === 'linux' ? lookLinux(pid) : lookPosix(pid);
    return /^[ZX]/.test(seen.state) ? undefined : seen;
  } catch {
    return undefined;
  }
}

function lookLinux(pid: number): Seen {
  const fields = statFields(pid);
  return { state: fields[0]!, started: fields[19]! };
}

/** proc(5), after the command in parentheses: the state, the parent, the group, …, the start time. */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function lookPosix(pid: number): Seen {
  const out = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const [state = '', ...started] = out.trim().split(/\s+/);
  return { state, started: started.join('_') };
}
