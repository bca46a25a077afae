import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { keeperPaths } from '../protocol/paths';
import { type Entry, Ledger, labelled, withEngine } from '../system/ledger';
import { isAlive } from '../system/process-identity';

/** What a workspace's keepers own at this moment. Starts nothing, changes nothing. */
export function belongings(workspace: string): Entry[] {
  const { folder } = keeperPaths(workspace);
  return readdirSync(folder)
    .filter((name) => name.startsWith('run-'))
    .flatMap((name) => new Ledger(join(folder, name, 'ledger')).entries());
}

/** Those of `entries` that are still there, as words. */
export async function leftovers(entries: readonly Entry[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.kind === 'group' && isAlive(entry.leader)) found.push(`process ${entry.leader}`);
    if (entry.kind === 'folder' && existsSync(entry.path)) found.push(`folder ${entry.path}`);
    if (entry.kind === 'lock' && existsSync(entry.path)) found.push(`lock ${entry.path}`);
    if (entry.kind === 'containers') {
      const { containers, networks, volumes } = await withEngine(entry.library, (dockerode) =>
        labelled(dockerode, entry.label),
      );
      found.push(
        ...containers.map((id) => `container ${id}`),
        ...networks.map((id) => `network ${id}`),
        ...volumes.map((name) => `volume ${name}`),
      );
    }
  }
  return found;
}
