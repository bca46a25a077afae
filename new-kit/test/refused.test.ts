import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkspaceCopy } from './workspace-copy';

// What cannot be made leaves everything as it was.

let copy: WorkspaceCopy;
beforeAll(() => {
  copy = new WorkspaceCopy();
});
afterAll(() => copy.remove());

const pnpm = () => join(copy.folder, 'node_modules-pnpm.cjs');

test.each([
  ['capitals', ['Memcached'], /no name for a kit/],
  ['a path', ['../memcached'], /no name for a kit/],
  ['two hyphens', ['mem--cached'], /no name for a kit/],
  ['more than 30 characters', ['a'.repeat(31)], /no name for a kit/],
  ['a word of JavaScript', ['delete'], /word of JavaScript/],
  ['a word of the template', ['use'], /means something else/],
  ['a kit that is there', ['kit-example'], /there already/],
  ['no name', [], /needs a name/],
  ['a title that is code', ['memo', '--title', "`; it's"], /no title/],
  ['a table cell too many', ['memo', '--sandbox', 'a | b'], /does not fit/],
])('%s', (_, args, message) => {
  const before = copy.files();
  const { status, output } = copy.newKit([...args, '--yes']);
  expect(output).toMatch(message);
  expect(output).toContain('Nothing was changed.');
  expect(status).toBe(1);
  expect(copy.files()).toEqual(before);
});

test('no terminal to ask on', () => {
  const { status, output } = copy.newKit(['memo']);
  expect([status, output]).toEqual([1, expect.stringContaining('--yes')]);
});

test('an installation that fails is undone', () => {
  writeFileSync(
    pnpm(),
    `require('node:fs').appendFileSync('pnpm-lock.yaml', 'half');
    console.error('no network');
    process.exit(1);`,
  );
  const before = copy.files();
  const { status, output } = copy.newKit(['memo', '--yes'], { npm_execpath: pnpm() });
  expect(output).toContain('no network');
  expect(status).toBe(1);
  expect(copy.files()).toEqual(before);
});
