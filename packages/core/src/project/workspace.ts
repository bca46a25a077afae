import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { foreign, refuseForeign } from '../system/owner';
import { variable } from '../variables';

const markers = ['pnpm-workspace.yaml', '.git', 'package.json'];

/**
 * The folder whose processes share servers: `SEAMKIT_WORKSPACE`, else the nearest folder upwards
 * from `from` that holds a monorepo or a repository, else the nearest package.
 * @throws SeamkitError `OPTION_INVALID`, and as `findProject`
 */
export function findWorkspace(from = process.cwd()): string {
  const named = variable('SEAMKIT_WORKSPACE');
  return named ? realpathSync(named) : findProject(from);
}

/**
 * As `findWorkspace`, by where the files lie alone. The way up ends where somebody else's folders
 * begin. @throws SeamkitError `FOLDER_UNUSABLE` where only those have a package
 */
export function findProject(from = process.cwd()): string {
  let nearestPackage: string | undefined;
  for (let folder = realpathSync(from); ; folder = dirname(folder)) {
    const found = markers.map((name) => join(folder, name)).filter((path) => existsSync(path));
    const decisive = found.length ? [folder, ...found] : [];
    if (decisive.some((path) => foreign(path, { from }))) {
      if (nearestPackage) return nearestPackage;
      refuseForeign(decisive, { from });
    }
    if (found.length && isRoot(folder)) return folder;
    if (!nearestPackage && existsSync(join(folder, 'package.json'))) nearestPackage = folder;
    if (folder === dirname(folder)) return nearestPackage ?? realpathSync(from);
  }
}

function isRoot(folder: string): boolean {
  if (['pnpm-workspace.yaml', '.git'].some((name) => existsSync(join(folder, name)))) return true;
  try {
    return 'workspaces' in JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch {
    return false;
  }
}
