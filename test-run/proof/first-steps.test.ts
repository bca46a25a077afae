import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../dist/plan';

// The first thing that pnpm does in a checkout is to ask whether it is the one that is wanted.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-first-steps-'));
  cpSync(join(root, 'pnpm-workspace.yaml'), join(folder, 'pnpm-workspace.yaml'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The version that runs in the checkout where the reader typed `npx -y pnpm@…`. */
function pnpmThatRuns(typed: string, packageManager: string): string {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, packageManager }));
  const arguments_ = ['-y', `pnpm@${typed}`, '--version'];
  return execFileSync('npx', arguments_, { cwd: folder, encoding: 'utf8' }).trim();
}

test.each(['10.6.0', '10.30.3'])(
  'pnpm %s runs the project itself, whatever packageManager names',
  (version) => {
    expect(pnpmThatRuns(version, manifest.packageManager)).toBe(version);
    expect(pnpmThatRuns(version, 'pnpm@10.999.0')).toBe(version);
  },
);

test('so does the newest pnpm 10', () => {
  expect(pnpmThatRuns('10', 'pnpm@10.999.0')).toMatch(/^10\.\d+\.\d+$/);
});
