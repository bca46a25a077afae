// Installs the runners that only the proofs of docs/runners.md need: 245 MB that nobody else should
// have to download. They stand where the pages' examples are tried, and are found from there.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const wanted = readFileSync(new URL('runners.json', import.meta.url), 'utf8');
const folder = fileURLToPath(new URL('../.examples/', import.meta.url));
const stamp = `${folder}node_modules/.seamkit`;

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}package.json`, wanted);
  const options = ['--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline'];
  const { status } = spawnSync('npm', ['install', ...options], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stamp, wanted);
}
