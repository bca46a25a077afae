import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { entries } from './entries';
import { type KitNames, Refused } from './kit-names';
import { filesFor } from './template';

const root = join(__dirname, '../..');

/**
 * Writes the kit and its entries, installs and formats: all of it or nothing.
 * @throws Refused
 */
export async function writeKit(kit: KitNames): Promise<void> {
  const folder = join(root, 'packages', kit.name);
  if (existsSync(folder)) {
    throw new Refused(`packages/${kit.name} is there already: choose another name, or remove it.`);
  }
  const files = filesFor(kit, join(root, 'packages'));
  const change = join(root, '.changeset', `${kit.name}-kit.md`);
  const undo: (() => void)[] = [];
  const ignoreInterrupt = () => {}; // the command that runs hears it too, and fails
  process.on('SIGINT', ignoreInterrupt);
  try {
    undo.push(() => rmSync(folder, { recursive: true, force: true }));
    writeWhole(folder, files);
    undo.push(() => rmSync(change, { force: true }));
    writeFileSync(change, `---\n"@seamkit/${kit.name}": minor\n---\n\nA kit for ${kit.title}.\n`);
    const shared = ['pnpm-lock.yaml', ...Object.keys(entries)];
    for (const path of shared) {
      const before = readFileSync(join(root, path), 'utf8');
      undo.push(() => writeFileSync(join(root, path), before));
      const after = entries[path]?.(before, kit);
      if (after) writeFileSync(join(root, path), after);
    }
    run('pnpm install', [...pnpm(), 'install', '--prefer-offline', '--no-frozen-lockfile']);
    const biome = require.resolve('@biomejs/biome/bin/biome', { paths: [root] });
    const formatted = [folder, ...Object.keys(entries)];
    run('biome', [process.execPath, biome, 'check', '--write', ...formatted]);
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw error;
  } finally {
    process.off('SIGINT', ignoreInterrupt);
  }
}

/** The folder appears with all its files or not at all. */
function writeWhole(folder: string, files: Map<string, string>): void {
  const aside = `${folder}.${process.pid}`;
  try {
    for (const [path, text] of files) {
      mkdirSync(dirname(join(aside, path)), { recursive: true });
      writeFileSync(join(aside, path), text);
    }
    renameSync(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** The pnpm that runs us, else npm's copy of it. */
function pnpm(): string[] {
  const path = process.env.npm_execpath;
  if (!path?.includes('pnpm')) return ['npx', '-y', 'pnpm@10'];
  return /\.c?js$/.test(path) ? [process.execPath, path] : [path];
}

function run(title: string, [command, ...args]: string[]): void {
  const { status, error, stdout, stderr } = spawnSync(command!, args, {
    cwd: root,
    encoding: 'utf8',
  });
  if (status === 0) return;
  throw new Refused(`${title} failed: ${error?.message ?? `${stdout}${stderr}`.trim()}`);
}
