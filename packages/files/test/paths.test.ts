import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open, use } from '@seamkit/core';
import { awkwardNames, file, files, link } from '@seamkit/files';

const env = use({ it: files({ fixture: { 'a.txt': 'a', orders: { '1.csv': '1' } } }) });
const refused = expect.objectContaining({ code: 'OPTION_INVALID', hint: expect.any(String) });

test('path and url are the same folder', () => {
  expect(fileURLToPath(env.it.url)).toBe(env.it.path);
  expect(readdirSync(env.it.path)).toEqual(['a.txt', 'orders']);
});

test('write, read, list, remove', () => {
  env.it.write('deep/er/b.bin', Buffer.from([1, 2, 3]), { mode: 0o640 });
  expect(env.it.bytes('deep/er/b.bin')).toEqual(Buffer.from([1, 2, 3]));
  expect(env.it.text('a.txt')).toBe('a');
  expect(env.it.text('nothing')).toBeUndefined();
  expect(env.it.bytes('nothing')).toBeUndefined();
  expect(env.it.list()).toEqual([
    'a.txt',
    'deep/',
    'deep/er/',
    'deep/er/b.bin',
    'orders/',
    'orders/1.csv',
  ]);
  expect(env.it.list('deep')).toEqual(['deep/er/', 'deep/er/b.bin']);
  env.it.remove('deep');
  env.it.remove('deep');
  expect(env.it.list('deep')).toEqual([]);
});

describe.each(awkwardNames)('a file named with: $name', ({ file: name }) => {
  test('is written, found, changed, restored', async () => {
    await using other = await open({ it: files({ fixture: { [name]: 'kept' } }) });
    const { it } = other;
    expect(it.text(name)).toBe('kept');
    expect(it.list()).toEqual([name]);
    expect(await readFile(join(it.path, name), 'utf8')).toBe('kept');
    it.write(name, 'changed');
    expect(it.changes()).toEqual([
      { kind: 'change', target: name, type: 'file', what: ['content'] },
    ]);
    await other.reset();
    expect(readFileSync(join(it.path, name), 'utf8')).toBe('kept');
    it.remove(name);
    expect(it.list()).toEqual([]);
  });
});

test('the longest are at the limit', () => {
  for (const { file: name } of awkwardNames.filter(({ name }) => name.startsWith('longest'))) {
    expect(() => env.it.write(`${name}x`, '')).toThrow(
      expect.objectContaining({ code: 'ENAMETOOLONG' }),
    );
  }
});

test('both normal forms are there, and are two files on Linux', () => {
  const forms = awkwardNames.filter(({ name }) => /\(NF[CD]\)/.test(name)).map((it) => it.file);
  expect(forms.map((form) => form.normalize('NFC'))).toEqual([forms[0], forms[0]]);
  expect(forms[0]).not.toBe(forms[1]);
});

describe('traversal', () => {
  test('each path leads to the secret, as some service would follow it', () => {
    const { path, secret } = env.it;
    const attempts = Object.fromEntries(env.it.traversals().map((it) => [it.name, it.path]));
    const follow: Record<string, (path: string) => string> = {
      absolute: (it) => it,
      'file url': (it) => fileURLToPath(it),
      'percent-encoded': (it) => join(path, decodeURIComponent(it)),
      'percent-encoded twice': (it) => join(path, decodeURIComponent(decodeURIComponent(it))),
      backslashes: (it) => join(path, it.replaceAll('\\', '/')),
      'left over when ../ is removed once': (it) => join(path, it.replaceAll('../', '')),
      'NUL before the suffix': (it) => join(path, it.split('\0')[0]!),
    };
    for (const [name, attempt] of Object.entries(attempts)) {
      const target = (follow[name] ?? ((it) => join(path, it)))(attempt);
      expect([name, readFileSync(target, 'utf8')]).toEqual([name, secret]);
    }
    expect(Object.keys(attempts)).toEqual(expect.arrayContaining(Object.keys(follow)));
  });

  test('the secret lies where comparing beginnings lets it pass', () => {
    const direct = env.it.traversals().find(({ name }) => name === 'parent')!.path;
    expect(join(env.it.path, direct).startsWith(env.it.path)).toBe(true);
  });

  test("the kit's own functions refuse all that name it", () => {
    const { it } = env;
    const harmless = ['percent-encoded', 'percent-encoded twice', 'backslashes', 'file url'];
    const rest = 'left over when ../ is removed once';
    for (const { name, path } of it.traversals()) {
      if (harmless.includes(name) || name === rest) {
        expect(it.text(path)).toBeUndefined(); // an odd name, and nothing more
        continue;
      }
      for (const call of [
        () => it.resolve(path),
        () => it.text(path),
        () => it.bytes(path),
        () => it.list(path),
        () => it.write(path, 'overwritten'),
        () => it.writeTree({ harmless: 'x', [path]: 'overwritten' }),
        () => it.remove(path),
        () => it.deny(path),
        () => it.readOnly(path),
        () => it.fail('EIO', path),
      ]) {
        expect(call).toThrow(refused);
      }
    }
    expect(it.list()).not.toContain('harmless');
  });

  test.each<[string, any]>([
    ['an empty name', ''],
    ['no text', 7],
    ['..', '..'],
    ['a .. that would stay inside', 'orders/../a.txt'],
  ])('%s is refused', (_, name) => {
    expect(() => env.it.resolve(name)).toThrow(refused);
  });

  test('links that stay inside are followed, circles are not', () => {
    symlinkSync('orders', join(env.it.path, 'in'));
    symlinkSync(join(env.it.path, 'orders'), join(env.it.path, 'orders/absolute'));
    symlinkSync('../in/../a.txt', join(env.it.path, 'orders/up and down'));
    expect(env.it.text('in/absolute/1.csv')).toBe('1');
    expect(env.it.text('orders/up and down')).toBe('a');
    symlinkSync('b', join(env.it.path, 'a'));
    symlinkSync('a', join(env.it.path, 'b'));
    expect(() => env.it.text('a')).toThrow(refused);
    symlinkSync('../new', join(env.it.path, 'dangling'));
    expect(() => env.it.write('dangling', 'x')).toThrow(refused);
    expect(existsSync(join(env.it.path, '../new'))).toBe(false);
  });

  test('a service that writes outside fails the test, and leaves nothing', () => {
    const script = `
      const { test } = require('node:test');
      const { writeFileSync, readFileSync } = require('node:fs');
      const assert = require('node:assert');
      const { use } = require(${JSON.stringify(require.resolve('@seamkit/core'))});
      const { files } = require(${JSON.stringify(require.resolve('@seamkit/files'))});
      const env = use({ it: files() });
      const secret = () => env.it.path + '/' + env.it.traversals()[0].path;
      test('writes', () => writeFileSync(secret(), 'overwritten'));
      test('the next one', () => assert.equal(readFileSync(secret(), 'utf8'), env.it.secret));
    `;
    const folder = mkdtempSync(join(tmpdir(), 'outside-'));
    const name = join(folder, 'outside.test.cjs');
    writeFileSync(name, script);
    try {
      const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
      const { stdout } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', name], {
        encoding: 'utf8',
        env: environment,
      });
      expect(stdout).toContain('wrote outside of its folder');
      expect(stdout).toContain('change secret.txt');
      expect(stdout).toMatch(/^# pass 1$/m);
      expect(stdout).toMatch(/^# fail 1$/m);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test('a tree: text, bytes, folders, modes, times, links', () => {
  const mtime = new Date('2021-02-03T04:05:06Z');
  env.it.writeTree({
    new: { 'run.sh': file('#!', { mode: 0o750, mtime }), empty: {}, up: link('../a.txt') },
    'path/with/slashes': Uint8Array.of(65),
  });
  expect(env.it.text('path/with/slashes')).toBe('A');
  expect(env.it.text('new/up')).toBe('a');
  const stat = statSync(join(env.it.path, 'new/run.sh'));
  expect([stat.mode & 0o777, stat.mtime]).toEqual([0o750, mtime]);
  expect(() => env.it.writeTree({ bad: 7 as any })).toThrow(refused);
});
