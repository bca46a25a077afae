import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { dirname, join } from 'node:path';
import { spawn } from '../system/spawn';
import type { KeeperPaths } from './paths';

/** Starts a process of the keeper's own, which outlives who starts it. */
export function startDetached(
  script: 'main' | 'leash',
  args: readonly string[],
  { folder }: KeeperPaths,
  stdio: SpawnOptions['stdio'],
): ChildProcess {
  return spawn(node(), [join(__dirname, '../keeper', `${script}.js`), ...args], {
    cwd: dirname(folder),
    detached: true,
    stdio,
    env: environment(),
  });
}

/** Kits' servers are written for Node: a test process of Bun takes that on `PATH`, where there is one. */
function node(): string {
  const { Bun: bun } = globalThis as { Bun?: { which(name: string): string | null } };
  return bun?.which('node') ?? process.execPath;
}

/** What is in a run's folder where a process that has lost this keeper sees to its clearing up. */
export function lostMark(run: string): string {
  return join(run, 'lost');
}

/**
 * Starts a leash for the keeper that `keeper` names: it clears up the ledger in `run` once that
 * keeper is gone, for which it waits `dyingTime` ms after the end of its input.
 */
export function startLeash(
  paths: KeeperPaths,
  run: string,
  keeper: string,
  { stdin, dyingTime }: { stdin: 'pipe' | 'ignore'; dyingTime: number },
): ChildProcess {
  const { socket, lock, log, startLock } = paths;
  const args = [run, socket, lock, log, startLock, keeper, String(dyingTime)];
  return startDetached('leash', args, paths, [stdin, 'ignore', 'ignore']);
}

/** What was meant for the runner's own Node (inspectors, loaders, coverage) is not for the keeper's. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('NODE_') || name === 'NODE_EXTRA_CA_CERTS',
  );
  return Object.fromEntries(kept);
}
