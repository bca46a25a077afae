import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './pages';

test('each test that docs/security.md names is there', () => {
  const page = readFileSync(join(root, 'docs/security.md'), 'utf8');
  // A link to a file, then titles in quotation marks up to the next link.
  const named = [...page.matchAll(/\]\((\.\.\/[^)]+\.ts)\)([^[]*)/g)].flatMap(([, file, after]) =>
    [...after!.matchAll(/“([^”]+)”/g)].map(([, title]) => ({ file: file!, title: title! })),
  );
  expect(named.length).toBeGreaterThan(20);
  const missing = named.filter(
    ({ file, title }) => !readFileSync(join(root, 'docs', file), 'utf8').includes(title),
  );
  expect(missing).toEqual([]);
});
