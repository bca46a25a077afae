import { constants, existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, readdir, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { StartContext } from '../contract';
import { fingerprint } from '../fingerprint';
import { cacheFolder, type Environment, makeOnce } from './cache-folder';

/** An installation inside one folder, such as an npm package. */
export interface Installation {
  name: string;
  version: string;
  folder: string;
  /** The program's path inside. */
  path: string;
  /** A JSON list of `{ source, target }` inside: links that its install script would have made. */
  links?: string;
}

/**
 * The folder on the way to `path` that keeps out the user that root's servers run as, if any. A
 * missing folder does not count.
 */
export function lockedFolder(path: string): string | undefined {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder)) {
      const stat = statSync(folder);
      if (stat.isDirectory() && !(stat.mode & 0o001)) return folder;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

/** Why a server could not be run from here by the user that it gets, if so. */
export function outOfReach(program: string): string | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const real = realpathSync(program);
  const locked = lockedFolder(dirname(real));
  if (locked) return `servers of root run as nobody, who cannot enter ${locked}`;
  return statSync(real).mode & 0o001
    ? undefined
    : 'servers of root run as nobody, who may not run it';
}

/**
 * The program's path in an installation that is whole and can be reached: the installation itself,
 * or a copy of it in the cache, made once.
 */
export async function reachable(
  installation: Installation,
  step: StartContext['step'],
  env?: Environment,
): Promise<string> {
  const { name, version, path, links } = installation;
  const folder = realpathSync(installation.folder);
  const wanted = links ? readLinks(join(folder, links)) : [];
  const whole = wanted.every(({ target }) => existsSync(join(folder, target)));
  if (whole && !outOfReach(join(folder, path))) return join(folder, path);

  const place = join(
    cacheFolder(env),
    'npm',
    `${name.replace(/^@/, '').replaceAll('/', '-')}-${version}-${fingerprint({ name, version, path, wanted }).slice(0, 8)}`,
  );
  if (!existsSync(place)) {
    const title = `copying ${name} ${version} into the cache`;
    await step(title, (progress) =>
      makeOnce(place, title, (copy) => copyWhole(folder, copy), progress),
    );
  }
  return join(place, path);

  async function copyWhole(from: string, to: string): Promise<void> {
    await cp(from, to, {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
      filter: (source) => relative(from, source) !== 'node_modules',
    });
    for (const { source, target } of wanted) {
      const at = join(to, target);
      if (await lstat(at).catch(() => undefined)) continue;
      await mkdir(dirname(at), { recursive: true });
      await symlink(relative(dirname(at), join(to, source)), at);
    }
    await open(to);
    const bin = dirname(join(to, path));
    for (const file of await readdir(bin)) await chmod(join(bin, file), 0o755);
  }
}

/** Lets everybody read and enter what its owner may. */
async function open(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await open(path);
    else if (entry.isFile()) {
      const { mode } = await lstat(path);
      const wider = mode & 0o100 ? 0o755 : 0o644;
      if ((mode & 0o777) !== wider) await chmod(path, wider);
    }
  }
}

function readLinks(file: string): { source: string; target: string }[] {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}
