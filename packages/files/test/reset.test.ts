import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Boundary } from '@seamkit/core';
import { type OpenEnvironment, open } from '@seamkit/core';
import { type FilesMembers, file, files, link } from '@seamkit/files';
import { testUnless } from '@seamkit/test-run';
import { snapshot } from './folder';

const big = 'x'.repeat(300_000);
const options = {
  fixture: {
    'a.txt': 'a',
    'run.sh': file('#!/bin/sh\n', { mode: 0o755, mtime: new Date('2020-01-02T03:04:05.678Z') }),
    'set-uid': file('', { mode: 0o4711 }),
    orders: { '1.csv': 'id\n1\n', '2.csv': 'id\n2\n', deep: { 'big.bin': big } },
    empty: {},
    'link to a': link('a.txt'),
    'link to nothing': link('/no/such/file'),
  },
  prepare: (folder: string) => {
    linkSync(join(folder, 'a.txt'), join(folder, 'orders/same as a'));
    writeFileSync(Buffer.from(`${folder}/\xff not UTF-8`, 'latin1'), 'bytes');
    chmodSync(join(folder, 'empty'), 0o1777);
    mkdirSync(join(folder, 'read-only'), { mode: 0o755 });
    writeFileSync(join(folder, 'read-only/kept'), '');
    chmodSync(join(folder, 'read-only'), 0o555);
    lutimesSync(join(folder, 'link to a'), 1_000_000_000, 1_100_000_000.123456);
  },
};

let env: OpenEnvironment<{ it: Boundary<FilesMembers> }>;
let before: Record<string, unknown>;
const at = (name: string) => join(env.it.path, name);

beforeAll(async () => {
  env = await open({ it: files(options) });
  before = snapshot(env.it.path);
});
afterAll(() => env.close());

const damage: Record<string, () => void> = {
  'nothing at all': () => {},
  'a file rewritten': () => writeFileSync(at('a.txt'), 'b'),
  'rewritten with the same bytes': () => writeFileSync(at('run.sh'), '#!/bin/sh\n'),
  'rewritten with as many bytes and its old times': () => {
    const { atime, mtime } = statSync(at('run.sh'));
    writeFileSync(at('run.sh'), '#!/bin/ls\n');
    utimesSync(at('run.sh'), atime, mtime);
  },
  'a large file cut': () => truncateSync(at('orders/deep/big.bin'), 1000),
  'a file removed': () => unlinkSync(at('orders/1.csv')),
  'all removed': () => {
    chmodSync(at('read-only'), 0o755); // which stops everybody but root
    rmSync(env.it.path, { recursive: true });
  },
  'a folder moved': () => renameSync(at('orders'), at('empty/orders')),
  'two files swapped': () => {
    renameSync(at('orders/1.csv'), at('tmp'));
    renameSync(at('orders/2.csv'), at('orders/1.csv'));
    renameSync(at('tmp'), at('orders/2.csv'));
  },
  'a file that became a folder': () => {
    unlinkSync(at('orders/1.csv'));
    mkdirSync(at('orders/1.csv/deeper/still'), { recursive: true });
    writeFileSync(at('orders/1.csv/deeper/still/file'), '');
  },
  'a folder that became a file': () => {
    rmSync(at('orders'), { recursive: true });
    writeFileSync(at('orders'), 'file');
  },
  'a folder that became a link': () => {
    rmSync(at('orders'), { recursive: true });
    symlinkSync('empty', at('orders'));
  },
  'a link that leads elsewhere': () => {
    unlinkSync(at('link to a'));
    symlinkSync('run.sh', at('link to a'));
  },
  'a link with other times': () => lutimesSync(at('link to a'), 5, 5),
  modes: () => {
    chmodSync(at('set-uid'), 0o600);
    chmodSync(at('orders'), 0o000);
    chmodSync(at('read-only'), 0o777);
    chmodSync(env.it.path, 0o755);
  },
  times: () => {
    for (const name of ['a.txt', 'orders', 'empty', '.']) utimesSync(at(name), 1, 2);
  },
  'a file that was only read': () => {
    utimesSync(at('run.sh'), 2_000_000_000, statSync(at('run.sh')).mtimeMs / 1000);
  },
  'hard links parted': () => {
    unlinkSync(at('a.txt'));
    writeFileSync(at('a.txt'), 'a');
  },
  'one of the hard links written to': () => writeFileSync(at('orders/same as a'), 'z'),
  'a new hard link': () => linkSync(at('run.sh'), at('run again.sh')),
  'much added': () => {
    mkdirSync(at('new/a/b'), { recursive: true });
    writeFileSync(at('new/a/b/c'), 'c');
    writeFileSync(at('orders/deep/more'), '');
    symlinkSync('..', at('new/up'));
    chmodSync(at('new/a'), 0o000);
  },
  'names that are no UTF-8': () => {
    writeFileSync(Buffer.from(`${env.it.path}/\xff not UTF-8`, 'latin1'), 'changed');
    writeFileSync(Buffer.from(`${env.it.path}/\xfe`, 'latin1'), 'added');
  },
  'a pipe': () => execFileSync('mkfifo', [at('pipe')]),
};

test.each(Object.keys(damage))('%s: as it was', async (name) => {
  for (let round = 0; round < 2; round++) {
    damage[name]!();
    await env.reset();
    expect(snapshot(env.it.path)).toEqual(before);
  }
});

testUnless(process.geteuid?.() !== 0 && 'only root can change owners')(
  'another owner: as it was',
  async () => {
    chownSync(at('set-uid'), 65534, 65534);
    chownSync(at('orders'), 65534, 0);
    expect(env.it.changes().map(({ target, what }) => [target, what])).toEqual([
      ['orders', ['owner']],
      ['set-uid', ['mode', 'owner']],
    ]);
    await env.reset();
    expect(snapshot(env.it.path)).toEqual(before);
  },
);

test('a change within one tick of the clock, with the old times put back, does not pass', async () => {
  const { atime, mtime } = statSync(at('run.sh'));
  for (let round = 0; round < 50; round++) {
    writeFileSync(at('run.sh'), '#!/bin/ls\n'); // in place, and as long
    utimesSync(at('run.sh'), atime, mtime);
    await env.reset();
    expect(readFileSync(at('run.sh'), 'utf8')).toBe('#!/bin/sh\n');
  }
});

test('a socket that a service left is gone', async () => {
  const server = createServer().listen(at('service.sock'));
  await new Promise((resolve) => server.once('listening', resolve));
  await env.reset();
  expect(snapshot(env.it.path)).toEqual(before);
  await new Promise((resolve) => server.close(resolve));
});

test('who has a file open sees it restored', async () => {
  const descriptor = openSync(at('run.sh'), 'r');
  writeFileSync(at('run.sh'), 'changed');
  await env.reset();
  expect(readFileSync(descriptor, 'utf8')).toBe('#!/bin/sh\n');
  closeSync(descriptor);
});

test('a file elsewhere that took a name of ours is not written to', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'elsewhere-'));
  writeFileSync(join(folder, 'precious'), 'precious');
  unlinkSync(at('run.sh'));
  linkSync(join(folder, 'precious'), at('run.sh'));
  await env.reset();
  expect(readFileSync(join(folder, 'precious'), 'utf8')).toBe('precious');
  expect(snapshot(env.it.path)).toEqual(before);
  rmSync(folder, { recursive: true });
});

test('what a link leads to outside is left alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'elsewhere-'));
  writeFileSync(join(folder, 'precious'), 'precious');
  symlinkSync(folder, at('empty/out'));
  rmSync(at('orders'), { recursive: true });
  symlinkSync(folder, at('orders'));
  await env.reset();
  expect(readFileSync(join(folder, 'precious'), 'utf8')).toBe('precious');
  rmSync(folder, { recursive: true });
});

test('a clock of the test’s own does not matter', async () => {
  jest.useFakeTimers({ now: 0 });
  try {
    writeFileSync(at('orders/1.csv'), 'changed');
    await env.reset();
    expect(snapshot(env.it.path)).toEqual(before);
  } finally {
    jest.useRealTimers();
  }
});

test('a fixture folder is copied with modes, times and links, and stays as it is', async () => {
  await using other = await open({ it: files({ fixture: env.it.path }) });
  const copy = snapshot(other.it.path);
  const plain = (entries: Record<string, any>) =>
    Object.entries(entries)
      .filter(([name]) => name !== '')
      .map(([name, { mode, target, content, nlink, mtimeNs }]) => {
        return { name, mode, target, content, nlink, mtime: Number(mtimeNs / 1_000_000n) };
      });
  expect(plain(copy)).toEqual(plain(before));
  expect(plain(snapshot(env.it.path))).toEqual(plain(before));
});

test('a baseline with a pipe in it is refused', async () => {
  const prepare = (folder: string) => void execFileSync('mkfifo', [join(folder, 'pipe')]);
  await expect(open({ it: files({ prepare }) })).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    summary: expect.stringContaining('pipe'),
  });
});
