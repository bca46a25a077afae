import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type FirstTest, Style } from '../first-test';
import { dependenciesOf, findPackage } from '../project/project-packages';
import { refuseForeign } from '../system/owner';
import type { Project } from './init-project';
import { type KitManifest, manifestOf } from './installed-kits';
import knownKits from './known-kits.json';

/** A kit that says for which clients a project would want it. */
export interface KitForClients {
  kit: string;
  package: string;
  /** Dependencies of the project, or the other names of `ProjectFacts`, that speak for it. */
  clients: readonly string[];
  /** A test file for the project; undefined where the kit is not installed. */
  write?(project: Project): string;
}

/** Those that the project has installed, and those of ours that it could install. */
export function kitsForClients({ folder }: Project): KitForClients[] {
  const kits = new Map<string, KitForClients>();
  for (const known of knownKits) kits.set(known.package, known);
  for (const name of dependenciesOf(folder, true)) {
    const home = findPackage(name, folder);
    const manifest = home ? manifestOf(home) : undefined;
    if (manifest?.seamkit?.firstTest) kits.set(manifest.name, installed(home!, manifest));
  }
  return [...kits.values()];
}

function installed(folder: string, { name, seamkit }: KitManifest): KitForClients {
  const { kit, clients = [], firstTest } = seamkit!;
  return {
    kit: kit!,
    package: name,
    clients,
    write(project) {
      const module = join(folder, firstTest!);
      refuseForeign([module]);
      const { firstTest: write } = createRequire(module)(module) as { firstTest: FirstTest };
      return write(new Style(project, { package: name, factory: kit! }), project);
    },
  };
}
