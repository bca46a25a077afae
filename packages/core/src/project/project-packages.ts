import { type Dirent, existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { foreign, type Looker, refuseForeign } from '../system/owner';

/**
 * The packages below a project's root, itself included, as folders; without those that it depends
 * on, and those of other users.
 */
export function packagesOf(folder: string, looker?: Looker, depth = 3): string[] {
  if (foreign(folder, looker)) return [];
  const entries = entriesOf(folder);
  const below = entries
    .filter((entry) => depth > 0 && entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name))
    .flatMap(({ name }) => packagesOf(join(folder, name), looker, depth - 1));
  const isPackage =
    entries.some(({ name }) => name === 'package.json') &&
    !foreign(join(folder, 'package.json'), looker);
  return isPackage ? [folder, ...below] : below;
}

/** Names of the packages that the package in `folder` depends on; of an own one also for its tests. */
export function dependenciesOf(folder: string, own: boolean): string[] {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const kinds = ['dependencies', 'optionalDependencies', 'peerDependencies'];
    if (own) kinds.push('devDependencies');
    return kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {}));
  } catch {
    return []; // no manifest that npm could read
  }
}

/**
 * Where Node would find a package: the nearest `node_modules` upwards that has it.
 * @throws SeamkitError `FOLDER_UNUSABLE` where that is another user's
 */
export function findPackage(name: string, from: string, looker?: Looker): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name);
    // A link to nowhere does not exist.
    if (existsSync(path)) {
      const real = realpathSync(path);
      refuseForeign([path, real], looker);
      return real;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // closed to us, or gone
  }
}
