import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export const root = join(__dirname, '../..');

/** Every page that a reader finds: the README, those of the packages and apps, and docs/. */
export function pages(): { path: string; text: string }[] {
  const folders = ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(root, parent, name)),
  );
  const paths = [...[root, ...folders].flatMap(pagesIn), ...pagesBelow(join(root, 'docs'))];
  return paths.map((path) => ({ path: relative(root, path), text: readFileSync(path, 'utf8') }));
}

function pagesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
}

/** Not in hidden folders either: the examples' come and go while other tests run. */
function pagesBelow(folder: string): string[] {
  const below = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name))
    .flatMap(({ name }) => pagesBelow(join(folder, name)));
  return [...pagesIn(folder), ...below];
}
