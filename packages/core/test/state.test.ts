import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { open } from '@seamkit/core';
import { belongings } from '@seamkit/core/inspect';
import { describeUnless } from '@seamkit/test-run';
import { keeperPaths } from '../dist/protocol/paths';
import { ownFolder } from '../dist/system/private-folder';
import { shelf } from './shelf/kit';
import { emptyWorkspace, endKeeper } from './workspace';

emptyWorkspace();

const isRoot = process.getuid?.() === 0;
let folder: string;
let before: string | undefined;

/** The folder of sockets, below a runtime folder of this test's own. */
const stateFolder = () => join(folder, `seamkit-${process.getuid?.()}`);

beforeEach(() => {
  folder = realpathSync(mkdtempSync('/tmp/seamkit-state-')); // a socket's path is short
  before = process.env.XDG_RUNTIME_DIR;
  process.env.XDG_RUNTIME_DIR = folder;
});

afterEach(async () => {
  // Where the folder is refused, no keeper can be asked for.
  await endKeeper(process.env.SEAMKIT_WORKSPACE!).catch(() => {});
  if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
  else process.env.XDG_RUNTIME_DIR = before;
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

const refused = expect.objectContaining({ code: 'FOLDER_UNUSABLE', hint: expect.any(String) });

test('a folder of sockets that others may enter is not used', async () => {
  mkdirSync(stateFolder());
  chmodSync(stateFolder(), 0o755);
  await expect(open({ it: shelf() })).rejects.toEqual(refused);
});

test('nor one that is a link', async () => {
  mkdirSync(join(folder, 'elsewhere'), { mode: 0o700 });
  symlinkSync(join(folder, 'elsewhere'), stateFolder());
  await expect(open({ it: shelf() })).rejects.toEqual(refused);
});

test('nor is a link in it, in place of a workspace of ours', async () => {
  const ours = keeperPaths(process.env.SEAMKIT_WORKSPACE!).folder;
  rmSync(ours, { recursive: true });
  symlinkSync(folder, ours);
  await expect(open({ it: shelf() })).rejects.toEqual(refused);
});

test('a runtime folder that is a relative path does not count, as its standard says', async () => {
  process.env.XDG_RUNTIME_DIR = 'here';
  expect(keeperPaths(process.env.SEAMKIT_WORKSPACE!).folder).toMatch(/^\//);
});

test('nor one that cannot be made', async () => {
  process.env.XDG_RUNTIME_DIR = join(folder, 'a-file');
  writeFileSync(join(folder, 'a-file'), '');
  await expect(open({ it: shelf() })).rejects.toEqual(refused);
});

describeUnless(!isRoot && 'only root can make a folder of another user')('as root', () => {
  test.each([
    ['a folder', (path: string) => mkdirSync(path, { mode: 0o700 })],
    ['a link', (path: string) => symlinkSync(folder, path)],
    ['a file', (path: string) => writeFileSync(path, '')],
  ])('%s of another user in its place keeps nobody from starting', async (_, make) => {
    make(stateFolder());
    lchownSync(stateFolder(), 12345, 12345);
    const home = process.env.HOME;
    process.env.HOME = join(folder, 'home');
    mkdirSync(process.env.HOME);
    try {
      const paths = keeperPaths(process.env.SEAMKIT_WORKSPACE!);
      expect(dirname(paths.folder)).toBe(join(folder, 'home/.cache/seamkit-0'));
      await using env = await open({ it: shelf() });
      expect(env.it.url).toBeTruthy();
      await endKeeper(process.env.SEAMKIT_WORKSPACE!);
    } finally {
      process.env.HOME = home;
    }
  });

  test('where there is no other place, the hint names the variable to set', async () => {
    mkdirSync(stateFolder(), { mode: 0o700 });
    chownSync(stateFolder(), 12345, 12345);
    const home = process.env.HOME;
    process.env.HOME = '/proc/nowhere';
    try {
      const hint = expect.stringContaining('export XDG_RUNTIME_DIR=');
      await expect(open({ it: shelf() })).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE', hint });
    } finally {
      process.env.HOME = home;
    }
  });

  test('nor one in a folder of another user, who could exchange it', async () => {
    mkdirSync(join(folder, 'theirs'), { mode: 0o700 });
    chownSync(join(folder, 'theirs'), 65534, 65534);
    symlinkSync(join(folder, 'theirs'), join(folder, 'link'));
    for (const name of ['theirs', 'link']) {
      process.env.XDG_RUNTIME_DIR = join(folder, name);
      await expect(open({ it: shelf() })).rejects.toEqual(refused);
    }
  });
});

test('the socket, what is kept beside it and the data are for their owner alone', async () => {
  await using env = await open({ it: shelf() });
  expect(env.it.url).toBeTruthy();
  const paths = keeperPaths(process.env.SEAMKIT_WORKSPACE!);
  const isOpen = (path: string) => statSync(path).mode & 0o077;
  expect([stateFolder(), paths.folder, paths.socket].filter(isOpen)).toEqual([]);
  for (const entry of belongings(process.env.SEAMKIT_WORKSPACE!)) {
    if (entry.kind !== 'folder') continue;
    // Servers of another user pass through it; its names cannot be listed.
    expect(statSync(entry.path).mode & 0o066).toBe(0);
    const folders = readdirSync(entry.path).map((name) => join(entry.path, name));
    expect(folders.length).toBeGreaterThan(0);
    // Root's servers read, by their own group, what the keeper wrote for them.
    const isClosed = (path: string) => (statSync(path).mode & (isRoot ? 0o027 : 0o077)) === 0;
    expect(folders.filter((path) => !isClosed(path))).toEqual([]);
  }
});

test('a run’s data lies where nobody could have taken its name before, and goes with the run', async () => {
  const workspace = process.env.SEAMKIT_WORKSPACE!;
  const dataOfOneRun = async () => {
    await using env = await open({ it: shelf() });
    expect(env.it.url).toBeTruthy();
    const [entry] = belongings(workspace).filter(({ kind }) => kind === 'folder');
    return (entry as { path: string }).path;
  };
  const first = await dataOfOneRun();
  await endKeeper(workspace);
  const second = await dataOfOneRun();
  await endKeeper(workspace);
  expect(first).not.toBe(second);
  // Right below a folder of the system: nothing stays above it, either.
  expect([dirname(first), dirname(second)].filter((base) => base.includes('seamkit'))).toEqual([]);
  expect([first, second].filter((path) => existsSync(path))).toEqual([]);
});

test.each([
  ['is a link', (path: string) => symlinkSync(folder, path)],
  ['is a file', (path: string) => writeFileSync(path, '')],
  [
    'others may write to',
    (path: string) => {
      mkdirSync(path);
      chmodSync(path, 0o777);
    },
  ],
])('a data folder that %s is not used', (_, make) => {
  const path = join(folder, 'data');
  make(path);
  expect(() => ownFolder(path, 0o711)).toThrow(refused);
});

test('state files that are truncated or not ours are stepped over', async () => {
  const paths = keeperPaths(process.env.SEAMKIT_WORKSPACE!);
  writeFileSync(paths.lock, '');
  writeFileSync(paths.startLock, 'not a process');
  writeFileSync(paths.socket, 'not a socket');
  const ledger = join(paths.folder, 'run-0ld', 'ledger');
  mkdirSync(ledger, { recursive: true });
  writeFileSync(join(paths.folder, 'run-0ld', 'keeper'), '1');
  writeFileSync(join(ledger, 'cut.json'), '{"kind":"group","lea');
  writeFileSync(join(ledger, 'foreign.json'), '{"kind":"everything","path":"/"}');
  writeFileSync(join(ledger, 'init.json'), '{"kind":"group","leader":"1:0"}');
  // Listed, and gone when it is read, as where a leash clears up at the same time.
  symlinkSync('struck-out', join(ledger, 'struck.json'));
  await using env = await open({ it: shelf() });
  expect(env.it.name).toMatch(/^seamkit_/);
});

test('two workspaces of the same name share nothing', async () => {
  const names = ['here', 'there'].map((parent) => join(folder, parent, 'shop'));
  const urls: string[] = [];
  const mine = process.env.SEAMKIT_WORKSPACE;
  try {
    for (const name of names) {
      mkdirSync(name, { recursive: true });
      process.env.SEAMKIT_WORKSPACE = name;
      await using env = await open({ it: shelf() });
      urls.push(new URL(env.it.url).port);
    }
  } finally {
    for (const name of names) await endKeeper(name);
    process.env.SEAMKIT_WORKSPACE = mine;
  }
  expect(new Set(urls).size).toBe(2);
});
