import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import type { ProgramSpec } from '../contract';
import { newestFirst } from './version';

/** A file that may be the program, and where it was seen. */
export interface Candidate {
  path: string;
  source: string;
}

/** Beside PATH: system folders that a user's PATH may lack, and those of package managers. */
const usual: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: [
    '/usr/local/bin',
    '/usr/local/sbin',
    '/usr/bin',
    '/usr/sbin',
    '/opt/*/bin',
    '/home/linuxbrew/.linuxbrew/bin',
    '/home/linuxbrew/.linuxbrew/opt/*/bin',
  ],
  darwin: [
    '/opt/homebrew/bin',
    '/opt/homebrew/sbin',
    '/opt/homebrew/opt/*/bin',
    '/opt/homebrew/opt/*/sbin',
    '/usr/local/bin',
    '/usr/local/sbin',
    '/usr/local/opt/*/bin',
    '/usr/local/opt/*/sbin',
    '/opt/local/bin',
    '/opt/local/sbin',
  ],
};

const everywhere = [
  '~/.nix-profile/bin',
  '/run/current-system/sw/bin',
  '/nix/var/nix/profiles/default/bin',
  '~/.asdf/installs/*/*/bin',
  '~/.local/share/mise/installs/*/*/bin',
];

/** What a forced place (`SEAMKIT_<KIT>_BIN`, a file or a folder) holds. */
export function explicitCandidate(place: string, command: string): string | undefined {
  return [
    place,
    join(place, command),
    join(place, 'bin', command),
    join(place, 'sbin', command),
  ].find(isFile);
}

/** The files of that name on this machine: PATH first, each file once. */
export function* candidates(spec: ProgramSpec, path: string): Generator<Candidate> {
  const seen = new Set<string>();
  for (const { pattern, source } of places(spec, path)) {
    for (const file of expand(pattern)) {
      const real = isFile(file) && realpathSync(file);
      if (!real || seen.has(real)) continue;
      seen.add(real);
      yield { path: file, source };
    }
  }
}

function* places({ command, folders = [], debian = [] }: ProgramSpec, path: string) {
  for (const folder of path.split(delimiter)) {
    if (isAbsolute(folder)) yield { pattern: join(folder, command), source: 'PATH' };
  }
  for (const folder of [...folders, ...(usual[process.platform] ?? []), ...everywhere]) {
    yield { pattern: `${folder}/${command}`, source: folder };
  }
  // The same packages, installed the usual way.
  for (const source of debian) yield { pattern: `/${source.path}`, source: source.packages[0]! };
}

/** The paths that a pattern names, newest version first; `*` stands for one segment or a part of it. */
export function expand(pattern: string): string[] {
  const segments = pattern
    .replace(/^~(?=\/)/, homedir())
    .split('/')
    .slice(1);
  let paths = [''];
  for (const segment of segments) {
    paths = paths.flatMap((base) => {
      if (!segment.includes('*')) return [`${base}/${segment}`];
      const parts = segment.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
      const fits = new RegExp(`^${parts.join('.*')}$`);
      return names(base || '/')
        .filter((name) => fits.test(name))
        .sort(newestFirst)
        .map((name) => `${base}/${name}`);
    });
  }
  return paths.filter((path) => existsSync(path));
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
