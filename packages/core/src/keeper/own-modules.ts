import { type Dirent, existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { SeamkitError } from '../errors';

/** How deep below a project its packages are looked for. */
const packageDepth = 3;

/**
 * The code that a keeper may load: what lies in its projects, and in the packages that these depend
 * on, at any depth; by real paths, so that no link leads out.
 */
export class OwnModules {
  private readonly accepted = new Map<string, string>();

  /** @param projects root folders; fixed when the keeper starts, whoever asks it later */
  constructor(private readonly projects: readonly string[]) {}

  /** The module's real path. @throws SeamkitError `KIT_REFUSED` */
  resolve(module: string): string {
    const known = this.accepted.get(module);
    if (known) return known;
    const real = realPath(module);
    const own =
      real !== undefined &&
      this.projects.some((project) => isInside(project, real) || dependsOn(project, real));
    if (!own) throw this.refused(real ?? module);
    this.accepted.set(module, real);
    return real;
  }

  private refused(path: string): SeamkitError {
    const projects = [...new Set(this.projects)].join(' and ');
    return new SeamkitError(
      'KIT_REFUSED',
      `the keeper of ${projects} does not load ${path}: it is no part of that, nor of a package it depends on`,
      {
        hint: `add the kit to the dependencies in ${join(this.projects[0]!, 'package.json')} and install; a project that shares this workspace through SEAMKIT_WORKSPACE must lie in it`,
      },
    );
  }
}

/** Whether `file` is in a package that a package of the project depends on. */
function dependsOn(project: string, file: string): boolean {
  const own = packagesOf(project, packageDepth);
  const queue = [...own];
  const seen = new Set(own);
  for (const folder of queue) {
    for (const name of dependenciesOf(folder, own.includes(folder))) {
      const found = findPackage(name, folder);
      if (found === undefined || seen.has(found)) continue;
      if (isInside(found, file)) return true;
      seen.add(found);
      queue.push(found);
    }
  }
  return false;
}

/** The project's own packages: folders with a package.json, those of others left out. */
function packagesOf(folder: string, depth: number): string[] {
  const entries = entriesOf(folder);
  const below = entries
    .filter((entry) => depth > 0 && entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name))
    .flatMap(({ name }) => packagesOf(join(folder, name), depth - 1));
  return entries.some(({ name }) => name === 'package.json') ? [folder, ...below] : below;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // closed to us, or gone
  }
}

function dependenciesOf(folder: string, own: boolean): string[] {
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
function findPackage(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name);
    if (existsSync(path)) return realPath(path);
    if (folder === dirname(folder)) return undefined;
  }
}

function isInside(folder: string, file: string): boolean {
  return file.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
