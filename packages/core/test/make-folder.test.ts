import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testUnless } from '@seamkit/test-run';
import { makeFolder } from '../dist/system/make-folder';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-folder-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

test('a folder is made with those above it, and is left as it is where it is there', () => {
  for (const mode of [0o700, 0o755]) {
    makeFolder(join(folder, 'one/two'), mode);
    expect(statSync(join(folder, 'one/two')).mode & 0o777).toBe(0o700);
  }
});

test('nothing is made below a file', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => makeFolder(join(folder, 'file'), 0o700)).toThrow('EEXIST');
  expect(() => makeFolder(join(folder, 'file/two'), 0o700)).toThrow();
});

testUnless(process.platform !== 'linux' && 'only Linux has /proc')(
  'a home that takes no folders is refused with a code, at once',
  () => {
    const code = `
      try { require(${JSON.stringify(require.resolve('../dist/program/cache-folder'))}).cacheFolder(); }
      catch (error) { console.log(error.code); }
    `;
    const env = { PATH: process.env.PATH, HOME: '/proc', XDG_CACHE_HOME: '/proc/none' };
    const run = spawnSync(process.execPath, ['-e', code], { env, timeout: 30_000 });
    expect([run.signal, String(run.stdout)]).toEqual([null, 'FOLDER_UNUSABLE\n']);
  },
);
