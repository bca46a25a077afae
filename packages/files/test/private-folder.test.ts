import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from '@seamkit/core';
import { files } from '@seamkit/files';

let parent: string;
beforeEach(() => {
  parent = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'parent-')));
});
afterEach(() => fs.rmSync(parent, { recursive: true }));

test('is gone after close, whatever is in it', async () => {
  const env = await open({ it: files({ parent, fixture: { a: { b: 'c' } } }) });
  expect(env.it.path.startsWith(`${parent}/`)).toBe(true);
  expect(fs.statSync(join(env.it.path, '..')).mode & 0o777).toBe(0o700);
  env.it.deny('a');
  await env.close();
  expect(fs.readdirSync(parent)).toEqual([]);
});

test('is removed by the next one, where its process was killed', async () => {
  const script = `
    const { open } = require('@seamkit/core');
    const { files } = require('@seamkit/files');
    const options = { parent: process.argv[1], fixture: { a: { b: 'c' } } };
    open({ it: files(options) }).then(({ it }) => {
      require('node:fs').chmodSync(it.path + '/a', 0);
      process.kill(process.pid, 'SIGKILL');
    });`;
  spawnSync(process.execPath, ['-e', script, parent], { cwd: __dirname });
  const [left] = fs.readdirSync(parent);
  expect(left).toMatch(/^seamkit-files-/);
  const strange = join(parent, left!.replace(/-[0-9a-f]{16}-/, '-0123456789abcdef-'));
  fs.mkdirSync(strange); // of another machine or container, whose pids mean nothing here
  await using env = await open({ it: files({ parent }) });
  const alive = await open({ it: files({ parent }) });
  expect(fs.existsSync(join(parent, left!))).toBe(false);
  expect(fs.existsSync(strange)).toBe(true);
  expect(fs.existsSync(env.it.path)).toBe(true);
  await alive.close();
});

test('a parent where nothing can be made is said', async () => {
  const gone = join(parent, 'gone');
  fs.mkdirSync(gone);
  const boundary = files({ parent: gone });
  fs.rmdirSync(gone);
  await expect(open({ it: boundary })).rejects.toMatchObject({
    code: 'FOLDER_UNUSABLE',
    hint: expect.stringContaining('TMPDIR'),
  });
});
