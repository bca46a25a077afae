import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Boundary, LocalKit, ServerKit } from '../contract';
import { SeamkitError } from '../errors';
import { dependenciesOf, findPackage, packagesOf } from '../project/project-packages';
import { findProject } from '../project/workspace';
import { refuseForeign } from '../system/owner';
import knownKits from './known-kits.json';

/**
 * A package says that it is a kit by naming its factory, which must work without options:
 * `"seamkit": { "kit": "postgres" }` in its package.json.
 */
export interface KitManifest {
  name: string;
  version: string;
  seamkit?: {
    kit?: string;
    /** For `seamkit init`: which of a project's dependencies speak for the kit, and the module of its `FirstTest`. */
    clients?: string[];
    firstTest?: string;
  };
}

export interface InstalledKit {
  /** The kit's own name: `postgres`. */
  name: string;
  package: string;
  version: string;
  /** What its factory makes without options. */
  boundary: Boundary<any>;
}

export type InstalledServerKit = InstalledKit & {
  boundary: Boundary<any> & { kit: ServerKit<any, any, any, any> };
};

/** A package that says it is a kit, but does not load. */
export interface BrokenKit {
  package: string;
  version: string;
  reason: string;
}

/**
 * The kits that the project around `from` depends on, by name; in a workspace's root those of all
 * its packages.
 * @throws SeamkitError `FOLDER_UNUSABLE` where another user's code would be run
 */
export function installedKits(from = process.cwd()): { kits: InstalledKit[]; broken: BrokenKit[] } {
  const kits = new Map<string, InstalledKit>();
  const broken = new Map<string, BrokenKit>();
  for (const { folder, manifest } of kitPackages(from)) {
    const about = { package: manifest.name, version: manifest.version };
    try {
      const boundary = load(folder, manifest);
      if (!kits.has(boundary.kit.name)) {
        kits.set(boundary.kit.name, { name: boundary.kit.name, ...about, boundary });
      }
    } catch (error) {
      broken.set(folder, { ...about, reason: (error as Error).message.split('\n')[0]! });
    }
  }
  return {
    kits: [...kits.values()].sort((a, b) => a.name.localeCompare(b.name)),
    broken: [...broken.values()],
  };
}

/**
 * The named ones of the installed kits that have servers; all of them where none is named.
 * @throws SeamkitError `OPTION_INVALID`, and as `installedKits`
 */
export function serverKits(names: readonly string[]): InstalledServerKit[] {
  const { kits, broken } = installedKits();
  const withServers = kits.filter(isServerKit);
  const known = withServers.map(({ name }) => name).join(', ');
  for (const name of names) {
    if (withServers.some((kit) => kit.name === name)) continue;
    const local = kits.some((kit) => kit.name === name);
    throw new SeamkitError(
      'OPTION_INVALID',
      local ? `the kit ${name} has no server` : `no kit '${name}' is installed here`,
      {
        tried: broken.map(({ package: name, reason }) => `${name}: ${reason}`),
        hint:
          (local ? undefined : howToInstall(name)) ??
          (known ? `name one of: ${known}` : 'install a kit first'),
      },
    );
  }
  return names.length ? withServers.filter(({ name }) => names.includes(name)) : withServers;
}

/** Of a kit of ours. */
function howToInstall(kit: string): string | undefined {
  const known = knownKits.find((one) => one.kit === kit);
  return known && `npm install --save-dev ${known.package}; or run this where it is installed`;
}

export function isServerKit(kit: InstalledKit): kit is InstalledServerKit {
  return kit.boundary.kit.kind === 'server';
}

function kitPackages(from: string): { folder: string; manifest: KitManifest }[] {
  const found = new Map<string, KitManifest>();
  for (const project of projectsAround(from)) {
    for (const name of dependenciesOf(project, true)) {
      const folder = findPackage(name, project);
      if (folder) found.set(folder, manifestOf(folder)!);
    }
    found.set(realpathSync(project), manifestOf(project)!);
  }
  return [...found].flatMap(([folder, manifest]) =>
    manifest?.seamkit?.kit ? { folder, manifest } : [],
  );
}

/** The nearest package and those above it in the workspace; in its root all that are below. */
function projectsAround(from: string): string[] {
  const root = findProject(from);
  const up: string[] = [];
  for (let folder = realpathSync(from); folder.startsWith(root); folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) {
      refuseForeign([folder, manifest]);
      up.push(folder);
    }
    if (folder === dirname(folder)) break;
  }
  return up.length > 1 || (up[0] && up[0] !== root) ? up : packagesOf(root);
}

function load(folder: string, { name, seamkit }: KitManifest): Boundary<any> {
  const factory = seamkit!.kit!;
  const require = createRequire(join(folder, 'package.json'));
  const main = require.resolve(name); // may lie above, where the folder has another name
  refuseForeign([main]);
  const exported = require(main)[factory];
  if (typeof exported !== 'function') {
    throw new Error(`its package.json names the factory '${factory}', which it does not export`);
  }
  return exported() as Boundary<ServerKit<any, any> & LocalKit<any, any>>;
}

export function manifestOf(folder: string): KitManifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch {
    return undefined;
  }
}
