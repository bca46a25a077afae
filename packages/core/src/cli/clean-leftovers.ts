import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { leftovers } from '../keeper/belongings';
import { keeperFolders } from '../protocol/keepers';
import { deadDataFolders } from '../runtime/data-folder';
import { Ledger } from '../system/ledger';
import { tryLock } from '../system/lock';
import { isAlive } from '../system/process-identity';
import type { Kept, Thing } from './clean';
import { bytesIn } from './disk';

/** ms; a younger folder may be that of a keeper which is just starting. */
const young = 60_000;

/** What keepers left that died together with their leashes: processes, containers, folders. */
export async function leftoverThings(): Promise<{ things: Thing[]; kept: Kept[] }> {
  const dead = keeperFolders()
    .flatMap(runsIn)
    .filter((run) => !keeperLives(run));
  const runs = await Promise.all(dead.map(ofRun));
  const listed = new Set(runs.flatMap(({ folders }) => folders));
  const data = deadDataFolders().filter((path) => !listed.has(path));
  return {
    things: [...runs.map(({ thing }) => thing), ...(await Promise.all(data.map(ofData)))],
    kept: [],
  };
}

async function ofData(path: string): Promise<Thing> {
  const bytes = await bytesIn(path);
  const why = 'data of servers that are gone';
  return { kind: 'leftover', what: path, why, bytes, remove: () => removeFolder(path) };
}

/** A dead run, with all that its ledger still lists. */
async function ofRun(run: string): Promise<{ thing: Thing; folders: string[] }> {
  const ledger = new Ledger(join(run, 'ledger'));
  const entries = ledger.entries();
  const found = await leftovers(entries).catch(() => []); // its engine is gone: so are its containers
  const folders = entries.flatMap((entry) => (entry.kind === 'folder' ? entry.path : []));
  const sizes = await Promise.all([run, ...folders].map(bytesIn));
  const thing: Thing = {
    kind: 'leftover',
    what: run,
    why: `a dead keeper's${found.length ? `: ${found.join(', ')}` : ' ledger'}`,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    async remove() {
      // The next keeper of this workspace sweeps, too: under this lock.
      const unlock = tryLock(join(run, '../lock'));
      if (!unlock) return false;
      try {
        if (keeperLives(run)) return false;
        await ledger.sweep();
        // A leash that comes now finds the lock taken, and leaves the socket to who has it.
        rmSync(join(run, '../socket'), { force: true });
        return await removeFolder(run);
      } finally {
        unlock();
      }
    },
  };
  return { thing, folders };
}

function runsIn(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => name.startsWith('run-'))
    .map((name) => join(folder, name));
}

function keeperLives(run: string): boolean {
  try {
    return isAlive(readFileSync(join(run, 'keeper'), 'utf8'));
  } catch {
    return isYoung(run); // it has not said who it is yet
  }
}

function isYoung(path: string): boolean {
  return existsSync(path) && Date.now() - lstatSync(path).mtimeMs < young;
}

async function removeFolder(path: string): Promise<boolean> {
  await rm(path, { recursive: true, force: true });
  return true;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
