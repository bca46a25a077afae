import { lstatSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join, sep } from 'node:path';
import { SeamkitError } from '../errors';
import { shellWord } from '../shell-word';
import { type Variables, variable } from '../variables';

/** Who looks, and from where. */
export interface Looker {
  /** The folder in which somebody chose to work. Default: the working folder. */
  from?: string;
  /** Default: this process' environment. */
  env?: Variables;
}

/** A place that another user of this machine owns. */
export interface Foreign {
  place: string;
  /** That it is so, as a sentence. */
  reason: string;
}

/**
 * What of `path`, found by looking upwards, belongs to another user of this machine, who could have
 * us run what he likes; undefined where nothing does. Looked at are the path itself
 * and, where it lies in a `node_modules`, what is between it and that folder's own.
 *
 * Trusted are this user, root, whoever owns the code that runs here already, and for root the owner
 * of the folder that root works in (docs/decisions/0016); and what `SEAMKIT_SAFE_DIRECTORIES` names.
 */
export function foreign(path: string, { from, env }: Looker = {}): Foreign | undefined {
  if (!process.geteuid) return undefined; // Windows has no such owners
  const trusted = trustedOwners(from ?? process.cwd());
  for (const place of placesOf(path)) {
    const uid = lstatSync(place, { throwIfNoEntry: false })?.uid;
    if (uid === undefined || trusted.has(uid) || isSafe(place, env)) continue;
    return { place, reason: `${place} belongs to another user (uid ${uid})` };
  }
  return undefined;
}

/** @throws SeamkitError `FOLDER_UNUSABLE` where any of the paths is `foreign` */
export function refuseForeign(paths: readonly string[], looker?: Looker): void {
  for (const path of paths) {
    const found = foreign(path, looker);
    if (!found) continue;
    const summary = `${found.reason}: Seamkit runs no code from there`;
    throw new SeamkitError('FOLDER_UNUSABLE', summary, {
      hint: `work in a project of your own, with a package.json and its packages installed there; or, if you trust that user: export SEAMKIT_SAFE_DIRECTORIES=${shellWord(found.place)}`,
    });
  }
}

function trustedOwners(from: string): Set<number> {
  const self = process.geteuid!();
  const owners = new Set([0, self, statSync(__filename).uid]);
  if (self === 0) {
    const chosen = statSync(from, { throwIfNoEntry: false }); // may be gone by now
    if (chosen) owners.add(chosen.uid);
  }
  return owners;
}

function placesOf(path: string): string[] {
  const outermost = path.indexOf(`${sep}node_modules${sep}`);
  const top = outermost < 0 ? path : path.slice(0, outermost) || sep;
  const places = [path];
  for (let at = path; at !== top; at = dirname(at)) places.unshift(dirname(at));
  return places;
}

function isSafe(place: string, env?: Variables): boolean {
  const folders = variable('SEAMKIT_SAFE_DIRECTORIES', env)?.split(delimiter).filter(Boolean) ?? [];
  return folders.some((folder) =>
    [folder, realPath(folder)].some((safe) => `${place}${sep}`.startsWith(join(safe, sep))),
  );
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
