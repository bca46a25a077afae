import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { use } from '@seamkit/core';
import { files, link } from '@seamkit/files';

const env = use({
  it: files({
    fixture: { 'a.txt': 'a', 'b.txt': 'b', link: link('a.txt'), orders: { '1.csv': '1' } },
  }),
});
const at = (name: string) => join(env.it.path, name);

test('nothing', () => {
  expect(env.it.changes()).toEqual([]);
});

test('what was added, changed and removed, by path', () => {
  writeFileSync(at('orders/2.csv'), '2');
  mkdirSync(at('new'));
  writeFileSync(at('new/file'), '');
  writeFileSync(at('a.txt'), 'changed');
  chmodSync(at('b.txt'), 0o640);
  unlinkSync(at('link'));
  symlinkSync('b.txt', at('link'));
  renameSync(at('orders/1.csv'), at('orders/0.csv'));
  expect(env.it.changes()).toEqual([
    { kind: 'change', target: 'a.txt', type: 'file', what: ['content'] },
    { kind: 'change', target: 'b.txt', type: 'file', what: ['mode'] },
    { kind: 'change', target: 'link', type: 'link', what: ['target'] },
    { kind: 'add', target: 'new', type: 'folder' },
    { kind: 'add', target: 'new/file', type: 'file' },
    { kind: 'add', target: 'orders/0.csv', type: 'file' },
    { kind: 'remove', target: 'orders/1.csv', type: 'file' },
    { kind: 'add', target: 'orders/2.csv', type: 'file' },
  ]);
});

test('a rewritten file is a change where its content is another', () => {
  writeFileSync(at('a.txt'), 'a');
  utimesSync(at('b.txt'), 1, 1);
  expect(env.it.changes().find(({ target }) => target === 'b.txt')).toEqual({
    kind: 'change',
    target: 'b.txt',
    type: 'file',
    what: ['mtime'],
  });
  writeFileSync(at('a.txt'), 'A'); // as long as before
  expect(env.it.changes()[0]).toMatchObject({ target: 'a.txt', what: ['content'] });
});

test('another type, and a folder that is gone with all in it', () => {
  rmSync(at('orders'), { recursive: true });
  writeFileSync(at('orders'), '');
  expect(env.it.changes()).toEqual([
    { kind: 'change', target: 'orders', type: 'file', what: ['type'] },
    { kind: 'remove', target: 'orders/1.csv', type: 'file' },
  ]);
});

test('the next test starts from nothing', () => {
  expect(env.it.changes()).toEqual([]);
});
