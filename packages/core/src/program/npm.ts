import { constants, existsSync, readFileSync, realpathSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, readdir, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { ProgramSpec, StartContext } from '../contract';
import { fingerprint } from '../fingerprint';
import { foreign, type Looker } from '../system/owner';
import { cacheFolder, type Environment, makeOnce, unchanged } from './cache-folder';
import { outOfReach } from './reachable';

export type NpmSource = NonNullable<ProgramSpec['npm']>[number];

/** A link that an install script would have made; paths are relative to the package. */
interface Link {
  source: string;
  target: string;
}

/**
 * The folders of an installed package, nearest first: seen from `from` and from this package, also
 * where pnpm keeps what others depend on. (`require.resolve` cannot: `exports` may hide a package's
 * own package.json.) Those of other users are left out, and `refused` hears why.
 */
export function installedPackages(
  name: string,
  looker: Looker & { from: string },
  refused: (reason: string) => void,
): string[] {
  const found = new Set<string>();
  for (const start of [looker.from, __dirname]) {
    for (let folder = start; ; folder = dirname(folder)) {
      for (const modules of ['node_modules', 'node_modules/.pnpm/node_modules']) {
        const candidate = join(folder, modules, name);
        if (!existsSync(join(candidate, 'package.json'))) continue;
        const real = realpathSync(candidate);
        const anothers = foreign(candidate, looker) ?? foreign(real, looker);
        if (anothers) refused(anothers.reason);
        else found.add(real);
      }
      if (folder === dirname(folder)) break;
    }
  }
  return [...found];
}

/**
 * The path of the program in an installed package: in its folder, or, where links are missing
 * (package managers no longer run install scripts) or the server's user cannot enter, in a copy
 * of the package that is made once in the cache.
 */
export async function programOfPackage(
  folder: string,
  { package: name, path, links }: NpmSource,
  step: StartContext['step'],
  env?: Environment,
): Promise<string> {
  const program = join(folder, path);
  const wanted = links ? readLinks(join(folder, links)) : [];
  const whole = wanted.every(({ target }) => existsSync(join(folder, target)));
  if (whole && !outOfReach(program)) return program;

  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const label = `${name.replace(/^@/, '').replaceAll('/', '-')}-${version}`;
  const place = join(cacheFolder(env), 'npm', `${label}-${fingerprint({ name, path, wanted })}`);
  if (!existsSync(place)) {
    const title = `copying ${name} ${version} into the cache`;
    await step(title, (progress) =>
      makeOnce(place, title, (copy) => copyPackage(folder, copy, wanted, path), progress),
    );
  }
  return unchanged(join(place, path));
}

async function copyPackage(
  from: string,
  to: string,
  links: readonly Link[],
  program: string,
): Promise<void> {
  await cp(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
    filter: (source) => relative(from, source) !== 'node_modules',
  });
  await openToAll(to);
  for (const { source, target } of links) {
    const at = join(to, target);
    if (await lstat(at).catch(() => undefined)) continue;
    await mkdir(dirname(at), { recursive: true });
    await symlink(relative(dirname(at), join(to, source)), at);
  }
  await chmod(join(to, program), 0o755);
}

/** Everybody may read and enter what its owner may. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) {
      await chmod(path, (await lstat(path)).mode & 0o100 ? 0o755 : 0o644);
    }
  }
}

function readLinks(file: string): Link[] {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}
