import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pages, root } from './pages';

/** Not scripts: pnpm's own commands, and a program that the workspace installs. */
const others = ['add', 'changeset', 'dlx', 'exec', 'install'];

function scriptsIn(folder: string): string[] {
  const file = join(root, folder, 'package.json');
  if (!existsSync(file)) return [];
  return Object.keys(JSON.parse(readFileSync(file, 'utf8')).scripts ?? {});
}

function folderOf(name: string): string {
  const folders = [name, `packages/${name}`, `apps/${name}`];
  return folders.find((folder) => existsSync(join(root, folder, 'package.json'))) ?? name;
}

/** The pnpm commands in a text that nothing answers to. */
function unanswered(text: string, here: string): string[] {
  const commands = text.matchAll(
    /\bpnpm(?:@\d+)? (?:--filter @seamkit\/(\S+) )?(?:run )?([a-z][\w:]*)( \w+)?/g,
  );
  return [...commands].flatMap(([command, filter, script, next]) => {
    if (!filter && others.includes(script!)) return [];
    const places = filter ? [folderOf(filter)] : ['.', here];
    const known = places.some((place) => scriptsIn(place).includes(script!));
    const bench = script !== 'bench' || !next || scriptsIn('bench').includes(next.trim());
    return known && bench ? [] : [command];
  });
}

test('every command of a page exists', () => {
  const wrong = pages().flatMap(({ path, text }) => {
    const code = [...text.matchAll(/^```.*?^```|`[^`\n]+`/gms)].map(([block]) => block);
    return unanswered(code.join('\n'), dirname(path)).map((command) => `${path}: ${command}`);
  });
  expect(wrong).toEqual([]);
});

test('every script that passes on to a package finds it', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(unanswered(Object.values(scripts).join('\n').replaceAll(/ run$/gm, ''), '.')).toEqual([]);
});
