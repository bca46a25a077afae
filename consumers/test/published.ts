import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(__dirname, '../..');

export interface Manifest {
  name: string;
  version: string;
  private?: boolean;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  [field: string]: unknown;
}

/** The packages that are published, by their manifests; `folder` below `packages/`. */
export function packages(): (Manifest & { folder: string })[] {
  return readdirSync(join(root, 'packages'))
    .map((folder) => ({ folder, ...manifest(join(root, 'packages', folder)) }))
    .filter((one) => !one.private);
}

/** The kits among them: what a user chooses from. */
export function kits(): string[] {
  return packages()
    .map(({ folder }) => folder)
    .filter((folder) => !['core', 'conformance'].includes(folder));
}

export function manifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Path of a package's tarball, as `pack-all.ts` left it. */
export function tarball(name: string): string {
  const { version } = manifest(join(root, 'packages', name));
  return join(process.env.SEAMKIT_TARBALLS!, `seamkit-${name}-${version}.tgz`);
}
