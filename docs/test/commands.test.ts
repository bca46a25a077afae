import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
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

/** What `seamkit <command> --help` prints; nothing where there is no such command. */
function helpOf(command: string): string {
  const program = join(root, 'packages/core/bin/seamkit.js');
  return spawnSync(process.execPath, [program, command, '--help'], { encoding: 'utf8' }).stdout;
}

test('every seamkit command of a page exists, with its options', () => {
  const helps = new Map<string, string>();
  const wrong = pages().flatMap(({ path, text }) =>
    [...text.matchAll(/\bseamkit ([a-z]+)((?: (?!-- )[\w<>.-]+)*)/g)]
      .filter(([, command, words]) => {
        if (!helps.has(command!)) helps.set(command!, helpOf(command!));
        const help = helps.get(command!)!;
        const options = words!.match(/(?<= )--?[a-z]+/g) ?? [];
        return !help || options.some((option) => !new RegExp(`${option}\\b`).test(help));
      })
      .map(([command]) => `${path}: ${command}`),
  );
  expect(helps.size).toBeGreaterThan(5);
  expect(wrong).toEqual([]);
});

test('every variable of ours on a page is read by the code', () => {
  const packages = readdirSync(join(root, 'packages'));
  const sources = [...packages.map((name) => `packages/${name}/src`), 'test-run/src'].flatMap(
    (folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => readFileSync(join(root, folder, name), 'utf8')),
  );
  const read = new Set(sources.join('\n').match(/\bSEAMKIT_[A-Z0-9_]+/g));
  const kits = packages.map((name) => name.replace('kit-', '').toUpperCase()).join('|');
  const ofKit = new RegExp(`^SEAMKIT_(${kits})_(URL|IMAGE|BIN|RUNTIME)$`);
  const wrong = pages().flatMap(({ path, text }) =>
    (text.match(/\bSEAMKIT_[A-Z0-9_]+[A-Z0-9]/g) ?? [])
      .filter((name) => !read.has(name) && !ofKit.test(name))
      .map((name) => `${path}: ${name}`),
  );
  expect(wrong).toEqual([]);
});
