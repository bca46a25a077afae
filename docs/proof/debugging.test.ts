import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../test/pages';
import { emptyFolder, type } from './shell';

// The commands of docs/debugging.md, without a debugger: the test itself stands still, as it would at
// a breakpoint, for longer than its server would stay without it.

const page = readFileSync(join(root, 'docs/debugging.md'), 'utf8');
const rows = [...page.matchAll(/^\| (\S+) +\| `([^`]+--inspect-brk[^`]+)`/gm)].map(
  ([, runner, command]) => [runner!, command!] as const,
);

const body = `
const env = use({ db: postgres() });

test('stands still', async () => {
  await env.db.query('CREATE TABLE seen ()');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
  await env.db.query('SELECT * FROM seen');
});
`;

const files = {
  'orders.test.js': `
    const { use } = require('@seamkit/core');
    const { postgres } = require('@seamkit/postgres');${body}`,
  'orders.test.mjs': `
    import { use } from '@seamkit/core';
    import { postgres } from '@seamkit/postgres';
    import { test } from 'node:test';${body}`,
};

test('the page has a command for each runner', () => {
  expect(rows.map(([runner]) => runner)).toEqual(['Jest', 'Vitest', 'node:test']);
});

test.each(rows)('%s', (runner, command) => {
  const folder = emptyFolder(`debugging-${runner.replace(':', '-')}`);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(root, 'node_modules/jest'), join(folder, 'node_modules/jest'));
  const undisturbed = command
    .replace('--inspect-brk ', '')
    .replace('vitest', 'vitest run --globals');
  const { status, stdout, stderr } = type(undisturbed, folder, { SEAMKIT_LINGER: '0' });
  expect([status, stdout + stderr]).toEqual([
    0,
    expect.stringMatching(/Tests:? +1 passed|pass 1\n/),
  ]);
  expect(stderr).not.toMatch(/seamkit/);
  rmSync(folder, { recursive: true });
});
