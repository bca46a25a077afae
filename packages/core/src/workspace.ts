import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder whose processes share servers: `SEAMKIT_WORKSPACE`, else the nearest folder upwards
 * from `from` that holds a monorepo or a repository, else the nearest package.
 */
export function findWorkspace(from = process.cwd()): string {
  const named = process.env.SEAMKIT_WORKSPACE;
  return named ? realpathSync(named) : findProject(from);
}

/** As `findWorkspace`, by where the files lie alone. */
export function findProject(from = process.cwd()): string {
  let nearestPackage: string | undefined;
  for (let folder = realpathSync(from); ; folder = dirname(folder)) {
    if (isRoot(folder)) return folder;
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
