import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCodes } from '@seamkit/core';

test('each error code has a heading in docs/errors.md, and no other', () => {
  const page = readFileSync(join(__dirname, '../errors.md'), 'utf8');
  const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(headings.sort()).toEqual([...errorCodes].sort());
});
