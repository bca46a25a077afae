import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DebianSource, Program, ProgramSpec } from '../contract';
import { fingerprint } from '../fingerprint';
import { unchanged } from './cache-folder';
import { type DebianHost, installedOn } from './debian-host';
import { fits, newestFirst } from './version';

/** What an unpacked root says of itself, in `seamkit.json`. */
export interface Manifest {
  /** `debian` or `ubuntu`. */
  system: string;
  suite: string;
  architecture: string;
  packages: readonly string[];
  version: string;
  /** Set where it runs only on this release, with these packages installed. */
  host?: { codename: string; packages: readonly string[] };
  /** Folders of shared libraries, relative to the root. */
  libraries: readonly string[];
}

type Found = Omit<Program, 'sibling'>;

export function writeManifest(root: string, manifest: Manifest): Promise<void> {
  return writeFile(join(root, 'seamkit.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/**
 * A root in the cache that holds the program in the wanted version and runs here; the machine's own
 * suite first. Without a wanted version only what such a request has got before, so that what one
 * test asked for does not change what another gets.
 */
export async function cachedRoot(
  cache: string,
  spec: ProgramSpec,
  host: DebianHost,
): Promise<Found | undefined> {
  const roots = await readRoots(join(cache, 'debian'));
  let installed: ReadonlySet<string> | undefined;
  for (const source of spec.debian ?? []) {
    const fitting = roots
      .filter(({ root, manifest }) => {
        const { architecture, packages, version } = manifest;
        const same = fingerprint([architecture, packages]);
        return (
          same === fingerprint([host.architecture, source.packages]) &&
          (spec.version || spec.oldest
            ? fits(version, spec)
            : existsSync(defaultMark(root, spec))) &&
          existsSync(join(root, source.path))
        );
      })
      .sort(({ manifest: a }, { manifest: b }) => {
        const order = (suite: string) => (host.suites.indexOf(suite) + 1 || 99) as number;
        return order(a.suite) - order(b.suite) || newestFirst(a.version, b.version);
      });
    for (const { root, manifest } of fitting) {
      if (manifest.host) {
        installed ??= await installedOn(host);
        if (manifest.host.codename !== host.codename) continue;
        if (!manifest.host.packages.every((name) => installed!.has(name))) continue;
      }
      return programOf(root, source);
    }
  }
  return undefined;
}

/** Remembers that this root is what a request without a version gets. */
export function markDefault(root: string, spec: ProgramSpec): Promise<void> {
  return writeFile(defaultMark(root, spec), '');
}

export async function programOf(root: string, source: DebianSource): Promise<Found> {
  const { system, suite, version, host, libraries } = await readManifest(root);
  const folders = libraries.map((folder) => join(root, folder)).join(':');
  return {
    path: unchanged(join(root, source.path)),
    version,
    source: `${system} ${suite}`,
    root,
    env: host && folders ? { LD_LIBRARY_PATH: folders } : undefined,
  };
}

function defaultMark(root: string, { debian }: ProgramSpec): string {
  return join(root, `seamkit-default-${fingerprint(debian)}`);
}

async function readRoots(folder: string) {
  const roots: { root: string; manifest: Manifest }[] = [];
  for (const suite of await names(folder)) {
    for (const name of await names(join(folder, suite))) {
      const root = join(folder, suite, name);
      if (name.includes('.tmp-') || !existsSync(join(root, 'seamkit.json'))) continue;
      roots.push({ root, manifest: await readManifest(root) });
    }
  }
  return roots;
}

async function readManifest(root: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(root, 'seamkit.json'), 'utf8'));
}

function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
