import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { ServerUser } from './server-user';

const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'];
const asks = ['--pdeathsig', 'KILL'];

let known: readonly string[] | undefined;

/**
 * What to put before a command so that its process is killed when this one ends, however it does:
 * Linux' PR_SET_PDEATHSIG, by util-linux' `setpriv`. Nothing where there is none that can (BusyBox',
 * other systems): the leash is left then. Root's rights are dropped before, as that would undo it.
 */
export function dyingWithUs(user?: ServerUser): readonly string[] {
  known ??= find(user);
  return known;
}

function find(user?: ServerUser): readonly string[] {
  const program =
    process.platform === 'linux' ? setpriv.find((path) => existsSync(path)) : undefined;
  if (!program) return [];
  const options = { ...user, stdio: 'ignore', timeout: 10_000 } as const;
  const { status } = spawnSync(program, [...asks, '/bin/sh', '-c', 'exit 0'], options);
  return status === 0 ? [program, ...asks] : [];
}
