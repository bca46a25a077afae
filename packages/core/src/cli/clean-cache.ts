import { randomBytes } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { cacheFolder } from '../program/cache-folder';
import { neighbours } from '../protocol/keepers';
import { tryLock } from '../system/lock';
import type { Kept, Thing } from './clean';
import { bytesIn } from './disk';

/** Parts of the cache, by how deep below it the things lie that are made and removed whole. */
const parts = [
  { name: 'debian', depth: 2, why: "a program, from the distribution's packages" },
  { name: 'npm', depth: 1, why: 'a program, from an npm package' },
  { name: 'made', depth: 1, why: 'a first initialisation, kept to be copied' },
  { name: 'apt', depth: 2, why: 'package lists' },
];

/** What is in the cache, but for what running servers use. */
export async function cachedThings(): Promise<{ things: Thing[]; kept: Kept[] }> {
  const cache = cacheFolder();
  const used = await inUse();
  const things: Thing[] = [];
  const kept: Kept[] = [];
  for (const { name, depth, why } of parts) {
    for (const path of await foldersBelow(join(cache, name), depth)) {
      const bytes = await bytesIn(path);
      if (isUsed(path, used)) kept.push({ what: path, why: `${why}, of a running server`, bytes });
      else things.push({ kind: 'cache', what: path, why, bytes, remove: () => remove(path) });
    }
  }
  return { things, kept };
}

/** Out of sight by one rename, so that nobody finds half of it, and not while somebody makes it. */
async function remove(path: string): Promise<boolean> {
  const unlock = tryLock(`${path}.lock`);
  if (!unlock) return false;
  const aside = `${path}.tmp-removed-${randomBytes(4).toString('hex')}`;
  try {
    // A server may have started from it since it was listed.
    if (!existsSync(path) || isUsed(path, await inUse())) return false;
    renameSync(path, aside);
  } finally {
    unlock();
  }
  await rm(aside, { recursive: true, force: true });
  return true;
}

/** Files and folders from which servers of this user run, or start at this moment. */
async function inUse(): Promise<string[]> {
  const found = await neighbours();
  return found.flatMap(({ status }) =>
    status.servers.filter(({ state }) => state !== 'ended').flatMap(({ uses }) => uses),
  );
}

function isUsed(folder: string, used: readonly string[]): boolean {
  return used.some((path) => path === folder || path.startsWith(folder + sep));
}

async function foldersBelow(folder: string, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name));
  if (depth === 1) return folders;
  return (await Promise.all(folders.map((one) => foldersBelow(one, depth - 1)))).flat();
}
