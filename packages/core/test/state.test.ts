import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from '@seamkit/core';
import { keeperStatus } from '@seamkit/core/inspect';
import { keeperPaths } from '../src/keeper/paths';
import { shelf } from './shelf/kit';
import { emptyWorkspace } from './workspace';

emptyWorkspace();

const isRoot = process.getuid?.() === 0;
let folder: string;
let before: string | undefined;

/** The folder of sockets, below a runtime folder of this test's own. */
const stateFolder = () => join(folder, `seamkit-${process.getuid?.()}`);

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-state-')));
  before = process.env.XDG_RUNTIME_DIR;
  process.env.XDG_RUNTIME_DIR = folder;
});

afterEach(async () => {
  const status = await keeperStatus(process.env.SEAMKIT_WORKSPACE!).catch(() => undefined);
  if (status) process.kill(status.pid, 'SIGTERM');
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

test('nor one that cannot be made', async () => {
  process.env.XDG_RUNTIME_DIR = join(folder, 'a-file');
  writeFileSync(join(folder, 'a-file'), '');
  await expect(open({ it: shelf() })).rejects.toEqual(refused);
});

if (isRoot) {
  test('nor one that belongs to another user', async () => {
    mkdirSync(stateFolder(), { mode: 0o700 });
    chownSync(stateFolder(), 65534, 65534);
    await expect(open({ it: shelf() })).rejects.toEqual(refused);
  });
} else {
  console.info('not tried: a folder of another user (only root can make one)');
}

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
    for (const name of names) process.kill((await keeperStatus(name))!.pid, 'SIGTERM');
    process.env.SEAMKIT_WORKSPACE = mine;
  }
  expect(new Set(urls).size).toBe(2);
});
