import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packages, root } from './published';
import { run } from './stranger';

/** Packs every published package, once for all test files; `remove-packed.ts` takes them away. */
export default async function packAll(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'seamkit-tarballs-'));
  const filters = packages().flatMap(({ name }) => ['--filter', name]);
  const args = ['-y', 'pnpm@10', '-r', ...filters, 'pack', '--pack-destination', folder];
  await run(root, 'npx', args);
  process.env.SEAMKIT_TARBALLS = folder;
}
