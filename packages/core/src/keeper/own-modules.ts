import { realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { SeamkitError } from '../errors';
import { dependenciesOf, findPackage, packagesOf } from '../project/project-packages';
import type { Looker } from '../system/owner';

/**
 * The code that a keeper may load: what lies in its projects, and in the packages that these depend
 * on, at any depth; by real paths, so that no link leads out.
 */
export class OwnModules {
  private readonly accepted = new Map<string, string>();
  private readonly looker: Looker;

  /** @param projects root folders; fixed when the keeper starts, whoever asks it later */
  constructor(private readonly projects: readonly string[]) {
    this.looker = { from: projects.at(-1) };
  }

  /** The module's real path. @throws SeamkitError `KIT_REFUSED` */
  resolve(module: string): string {
    const known = this.accepted.get(module);
    if (known) return known;
    const real = realPath(module);
    const own =
      real !== undefined &&
      this.projects.some(
        (project) => isInside(project, real) || dependsOn(project, real, this.looker),
      );
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
function dependsOn(project: string, file: string, looker: Looker): boolean {
  const own = packagesOf(project, looker);
  const queue = [...own];
  const seen = new Set(own);
  for (const folder of queue) {
    for (const name of dependenciesOf(folder, own.includes(folder))) {
      const found = findOwn(name, folder, looker);
      if (found === undefined || seen.has(found)) continue;
      if (isInside(found, file)) return true;
      seen.add(found);
      queue.push(found);
    }
  }
  return false;
}

function findOwn(name: string, from: string, looker: Looker): string | undefined {
  try {
    return findPackage(name, from, looker);
  } catch {
    return undefined; // another user's
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
