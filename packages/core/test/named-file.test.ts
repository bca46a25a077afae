import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readNamedFile } from '@seamkit/core';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-named-'));
  file = join(folder, 'file');
  writeFileSync(file, 'text');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a file is read, through a link too', () => {
  symlinkSync(file, join(folder, 'link'));
  expect(readNamedFile(file).toString()).toBe('text');
  expect(readNamedFile(join(folder, 'link')).toString()).toBe('text');
});

test('a folder, a device and a pipe are not', () => {
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  expect(() => readNamedFile(folder)).toThrow('it is a folder, not a regular file');
  expect(() => readNamedFile('/dev/zero')).toThrow('it is a device, not a regular file');
  expect(() => readNamedFile(join(folder, 'pipe'))).toThrow('it is a pipe, not a regular file');
});

test('nor is a file of a size that nobody means', () => {
  truncateSync(file, 2 ** 40); // takes no room
  expect(() => readNamedFile(file)).toThrow('it has 1099511627776 bytes, and at most');
});

test('one that is not there is said as Node says it', () => {
  expect(() => readNamedFile(join(folder, 'none'))).toThrow(
    expect.objectContaining({ code: 'ENOENT' }),
  );
});
