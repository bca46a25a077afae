import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lostMark, startLeash } from '../protocol/detached';
import type { KeeperPaths } from '../protocol/paths';
import { isAlive } from '../system/process-identity';

/** ms in which a killed keeper is gone, once its connections are. */
const dyingTime = 5_000;
/** Of this process, as it may end before it hears that a connection is closed. */
const connected = new Set<LostKeeper>();

/**
 * What a process does for the keeper that it is connected to, should that be killed: where its leash
 * was killed as well, nobody else clears up. So another leash does, which lives on after this process.
 */
export class LostKeeper {
  constructor(
    private readonly paths: KeeperPaths,
    private readonly owner: string,
  ) {
    if (connected.size === 0) process.on('exit', lookAround);
    connected.add(this);
  }

  /** The connection was closed, and not by us. The keeper may be dying, or have closed this one only. */
  isGone(): void {
    if (!connected.has(this)) return;
    this.forget();
    const keeper = this.keeper();
    if (keeper === undefined) return; // cleared up already
    try {
      writeFileSync(lostMark(this.run), '', { flag: 'wx', mode: 0o600 });
    } catch (error) {
      // Else the disk is full, or the folder has just gone.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return; // another process sees to it
    }
    const leash = startLeash(this.paths, this.run, keeper, { stdin: 'ignore', dyingTime });
    leash.on('error', () => {}).unref();
  }

  /** This process needs it no more. */
  forget(): void {
    connected.delete(this);
    if (connected.size === 0) process.off('exit', lookAround);
  }

  get isDead(): boolean {
    const keeper = this.keeper();
    return keeper !== undefined && !isAlive(keeper);
  }

  private keeper(): string | undefined {
    try {
      return readFileSync(join(this.run, 'keeper'), 'utf8');
    } catch {
      return undefined;
    }
  }

  private get run(): string {
    return join(this.paths.folder, `run-${this.owner}`);
  }
}

function lookAround(): void {
  for (const keeper of connected) if (keeper.isDead) keeper.isGone();
}
