import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pages, root } from './pages';

/** What a page links to within the repository, as paths from the root. */
function linksOf({ path, text }: { path: string; text: string }): string[] {
  const prose = text.replace(/^```.*?^```/gms, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!.split('#')[0]!)
    .filter((target) => target && !/^[a-z]+:/.test(target))
    .map((target) => relative(root, join(root, dirname(path), target)));
}

/** A link to a folder shows its README. */
function pageAt(path: string): string {
  const place = join(root, path);
  return existsSync(place) && statSync(place).isDirectory() ? join(path, 'README.md') : path;
}

test('every link within the repository leads somewhere', () => {
  const broken = pages().flatMap((page) =>
    linksOf(page)
      .filter((target) => !existsSync(join(root, target)))
      .map((target) => `${page.path}: ${target}`),
  );
  expect(broken).toEqual([]);
});

test('every page is found from the README', () => {
  const all = new Map(pages().map((page) => [page.path, page]));
  const found = new Set<string>();
  const follow = (path: string): void => {
    const page = all.get(path);
    if (!page || found.has(path)) return;
    found.add(path);
    for (const target of linksOf(page)) follow(pageAt(target));
  };
  follow('README.md');
  const lost = [...all.keys()].filter((path) => !found.has(path) && !path.includes('decisions/'));
  expect(lost).toEqual([]);
});
