import { type Dirent, existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The packages below a project's root, itself included, as folders; those of others left out. */
export function packagesOf(folder: string, depth = 3): string[] {
  const entries = entriesOf(folder);
  const below = entries
    .filter((entry) => depth > 0 && entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name))
    .flatMap(({ name }) => packagesOf(join(folder, name), depth - 1));
  return entries.some(({ name }) => name === 'package.json') ? [folder, ...below] : below;
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

/** Where Node would find a package: the nearest `node_modules` upwards that has it. */
export function findPackage(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name);
    if (existsSync(path)) return realpathSync(path); // a link to nowhere does not exist
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
