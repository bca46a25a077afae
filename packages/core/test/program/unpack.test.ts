import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describeUnless } from '@seamkit/test-run';
import { unpack } from '../../dist/program/unpack';

const linux = process.platform === 'linux' && existsSync('/usr/bin/dpkg-deb');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-unpack-'));
  mkdirSync(join(folder, 'outside'));
  mkdirSync(join(folder, 'root'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A package of files and links: a value that begins with `->` is a link's target. */
function deb(name: string, entries: Record<string, string>): string {
  const content = join(folder, name);
  const control = [`Package: ${name}`, 'Version: 1', 'Architecture: all', 'Maintainer: x <x@x>'];
  const all = { 'DEBIAN/control': [...control, 'Description: x', ''].join('\n'), ...entries };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(content, path)), { recursive: true });
    if (text.startsWith('->')) symlinkSync(text.slice(2), join(content, path));
    else writeFileSync(join(content, path), text);
  }
  chmodSync(join(content, 'DEBIAN'), 0o755); // whatever the umask
  execFileSync('dpkg-deb', ['--build', content, `${content}.deb`], { stdio: 'ignore' });
  return `${content}.deb`;
}

const root = () => join(folder, 'root');

describeUnless(!linux && 'packages are unpacked on Linux only')('a package', () => {
  test.each([
    ['an absolute link', () => join(folder, 'outside')],
    ['a relative link', () => '../../../outside'],
    ['a link to a link', () => 'other'],
  ])('is not written through %s of an earlier one out of the root', async (_, target) => {
    const first = deb('first', {
      'usr/lib/way': `->${target()}`,
      'usr/lib/other': '->../../../outside',
    });
    const second = deb('second', { 'usr/lib/way/planted': 'planted' });
    await expect(unpack([first, second], root(), () => {})).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      summary: expect.stringContaining('second.deb'),
    });
    expect(readdirSync(join(folder, 'outside'))).toEqual([]);
  });

  test('replaces a link of an earlier one by its own file', async () => {
    const aim = join(folder, 'outside/file');
    writeFileSync(aim, 'before');
    const first = deb('first', { 'usr/lib/way': `->${aim}` });
    const second = deb('second', { 'usr/lib/way': 'planted' });
    await unpack([first, second], root(), () => {});
    expect(readFileSync(aim, 'utf8')).toBe('before');
    expect(readFileSync(join(root(), 'usr/lib/way'), 'utf8')).toBe('planted');
  });

  test('is laid over those before it, through links that stay inside', async () => {
    const first = deb('first', {
      'usr/share/real/one': '1',
      'usr/share/relative': '->real',
      'usr/share/absolute': '->/usr/share/real',
    });
    const second = deb('second', {
      'lib/two': '2',
      'usr/share/relative/three': '3',
      'usr/share/absolute/four': '4',
    });
    await unpack([first, second], root(), () => {});
    expect(readdirSync(join(root(), 'usr/share/real')).sort()).toEqual(['four', 'one', 'three']);
    expect(readFileSync(join(root(), 'usr/lib/two'), 'utf8')).toBe('2');
    expect(readdirSync(root()).sort()).toEqual(['bin', 'lib', 'lib64', 'sbin', 'usr']);
  });
});
