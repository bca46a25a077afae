import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const packages = join(__dirname, '../..');

test('every kit of this workspace says that it is one, so that the command line finds it', () => {
  const kits = readdirSync(packages)
    .filter((name) => existsSync(join(packages, name, 'test/harness.js')))
    // A stack is nothing without its file, so the command line cannot start one.
    .filter((name) => name !== 'compose');
  const silent = kits.filter((name) => {
    const manifest = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
    return typeof manifest.seamkit?.kit !== 'string';
  });
  expect([kits.length > 5, silent]).toEqual([true, []]);
});
