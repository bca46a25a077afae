import type { ChildProcess } from 'node:child_process';
import { lstatSync } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { SeamkitError } from '../errors';
import { shellWord } from '../shell-word';
import { spawn } from '../system/spawn';
import { interpreterOf } from './elf';

const merged = ['bin', 'sbin', 'lib', 'lib64'];
const unread = ['bug', 'doc', 'doc-base', 'info', 'lintian', 'locale', 'man'];

/** Unpacks packages (`.deb`) into `root`, which then is a tree that anybody may read and run. */
export async function unpack(
  debs: readonly string[],
  root: string,
  progress: (text: string) => void,
): Promise<void> {
  for (const name of merged) {
    await mkdir(join(root, 'usr', name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
  for (const [index, deb] of debs.entries()) {
    if (index % 10 === 0) progress(`unpacking ${index + 1} of ${debs.length}`);
    await lay(deb, root);
  }
  await repair(root, root);
}

/**
 * Lays a package over the root: beside it first, since an earlier package's links may lead out of
 * it, and `tar` would write through those.
 */
async function lay(deb: string, root: string): Promise<void> {
  const beside = await mkdtemp(join(root, '.next-'));
  try {
    await extract(deb, beside);
    await merge(beside, root, root);
  } catch (error) {
    throw error instanceof OutsideError ? refused(deb, error) : error;
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

/** Like `dpkg-deb --extract`, which however keeps owners. */
async function extract(deb: string, root: string): Promise<void> {
  const reader = spawn('dpkg-deb', ['--fsys-tarfile', deb], { stdio: ['ignore', 'pipe', 'pipe'] });
  const writer = spawn(
    'tar',
    [
      ...['--extract', '--file=-', `--directory=${root}`],
      ...['--no-same-owner', '--warning=no-timestamp'],
      ...unread.map((name) => `--exclude=./usr/share/${name}/*`),
    ],
    { stdio: ['pipe', 'ignore', 'pipe'] },
  );
  writer.stdin!.on('error', () => {}); // tar ended early; its exit code says why
  reader.stdout!.pipe(writer.stdin!);
  await Promise.all([ended(reader, `dpkg-deb on ${deb}`), ended(writer, `tar of ${deb}`)]);
}

function ended(child: ChildProcess, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let errors = '';
    child.stderr!.on('data', (chunk) => {
      errors += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) return resolve();
      const error = new Error(`${what} ended with exit code ${code}: ${errors.trim()}`);
      reject(/No space left/.test(errors) ? Object.assign(error, { code: 'ENOSPC' }) : error);
    });
  });
}

class OutsideError extends Error {}

function refused(deb: string, { message }: OutsideError): SeamkitError {
  return new SeamkitError('DOWNLOAD_FAILED', `the package ${basename(deb)} would write ${message}`);
}

/** Moves what is in `from` into `to`, a folder of the root; links there to folders of it are kept. */
async function merge(from: string, to: string, root: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    const there = await lstat(target).catch(() => undefined);
    if (entry.isDirectory() && there?.isSymbolicLink()) {
      await merge(source, await folderInside(target, root), root);
    } else if (entry.isDirectory() && there) {
      await merge(source, target, root);
    } else if (!there?.isDirectory()) {
      await rename(source, target); // follows no link
    }
  }
}

/** The folder of the root that a link leads to. @throws OutsideError */
async function folderInside(link: string, root: string): Promise<string> {
  await mendLink(link, root);
  const real = await realpath(link).catch(() => '');
  if (real.startsWith(`${await realpath(root)}/`)) return real;
  throw new OutsideError(`through ${relative(root, link)}, a link out of its root`);
}

/** Links stay inside the root; no file is out of reach, or runs with another user's rights. */
async function repair(folder: string, root: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) await mendLink(path, root);
    else if (entry.isDirectory()) await repair(path, root);
    else if (entry.isFile()) {
      const { mode } = await lstat(path);
      const wanted = mode & 0o100 ? 0o755 : 0o644;
      if ((mode & 0o7777) !== wanted) await chmod(path, wanted);
    } else {
      await unlink(path);
    }
  }
}

/** An absolute target means the root's own file where there is one, else the host's. */
async function mendLink(path: string, root: string): Promise<void> {
  const target = await readlink(path);
  if (!target.startsWith('/') || !lstatSync(join(root, target), { throwIfNoEntry: false })) return;
  await unlink(path);
  await symlink(relative(dirname(path), join(root, target)), path);
}

/** The root's folders of shared libraries, relative to it. */
export async function libraryFolders(root: string): Promise<string[]> {
  const found: string[] = [];
  const look = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
    if (entries.some(({ name }) => /^lib.*\.so(\.|$)/.test(name))) found.push(folder);
    if (depth === 0) return;
    for (const entry of entries) {
      // Below usr/lib only the folders of an architecture are searched by the loader, but their
      // subfolders hold what packages add to that search when they are installed.
      if (entry.isDirectory() && (folder !== 'usr/lib' || entry.name.includes('-linux-'))) {
        await look(`${folder}/${entry.name}`, depth - 1);
      }
    }
  };
  await look('usr/lib', 2);
  await look('usr/lib64', 0);
  return found;
}

/** The command that runs a program of a root that has its own C library, from where it is now. */
export async function throughLoader(
  root: string,
  libraries: readonly string[],
  path: string,
): Promise<string[]> {
  const interpreter = await interpreterOf(join(root, path));
  if (!interpreter) return [];
  const folders = libraries.map((folder) => join(root, folder)).join(':');
  return [join(root, interpreter), '--library-path', folders];
}

/**
 * Puts a small script in the place of each executable of a root that has its own C library, so that
 * programs which start each other do so through the root's own loader.
 * @param home where the root will be
 */
export async function wrapExecutables(
  root: string,
  home: string,
  libraries: readonly string[],
): Promise<void> {
  const folders = libraries.map((folder) => join(home, folder)).join(':');
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || /\.so(\.|$)/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    if (!((await lstat(path)).mode & 0o100)) continue;
    const interpreter = await interpreterOf(path);
    if (!interpreter) continue;
    await rename(path, `${path}.elf`);
    const real = join(home, relative(root, `${path}.elf`));
    const loader = [join(home, interpreter), '--library-path', folders].map(shellWord).join(' ');
    const script = `#!/bin/sh\nexec ${loader} --argv0 "$0" ${shellWord(real)} "$@"\n`;
    await writeFile(path, script, { mode: 0o755 });
  }
}
