import type * as fs from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { join } from 'node:path';
import { open } from '@seamkit/core';
import { files } from '@seamkit/files';
import { testUnless } from '@seamkit/test-run';

// Names of open files come from the kernel's table, which only Linux has.
const handles = testUnless(
  process.platform !== 'linux' && `no table of open files on ${process.platform}`,
);

let said: string;
beforeEach(() => {
  said = '';
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => jest.restoreAllMocks());

handles('a file that a test leaves open is named, once', async () => {
  await using env = await open({ it: files({ fixture: { 'orders.csv': 'id' } }) });
  const left = await openFile(join(env.it.path, 'orders.csv'));
  await env.reset();
  expect(said).toContain('the test left orders.csv open');
  said = '';
  await env.reset();
  expect(said).toBe('');
  await left.close();
});

handles('one that prepare opened, and those that are being closed, are not blamed', async () => {
  let log: fs.promises.FileHandle;
  const prepare = async (folder: string) => {
    log = await openFile(join(folder, 'app.log'), 'a');
  };
  await using env = await open({ it: files({ prepare }) });
  const closing = await Promise.all(
    Array.from({ length: 50 }, (_, index) => openFile(join(env.it.path, `${index}.csv`), 'w')),
  );
  for (const handle of closing) handle.close();
  await env.reset();
  expect(said).toBe('');
  await log!.close();
});
