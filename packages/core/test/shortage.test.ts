import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeUnless, testUnless } from '@seamkit/test-run';

// A machine that lacks what a run needs first: room for sockets and ledgers, and open files.

const core = require.resolve('@seamkit/core');
const kit = require.resolve('./shelf/kit');

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-shortage-')));
  mkdirSync(join(folder, 'runtime'), { mode: 0o700 });
});
afterEach(() => rmSync(folder, { recursive: true, maxRetries: 10 }));

/** Opens a boundary in a process of its own, started by a shell; resolves to what it came to. */
function open(shell = 'exec "$@"'): { opened?: true; code?: string; text?: string; hint?: string } {
  const script = `
    const { open } = require(${JSON.stringify(core)});
    const { shelf } = require(${JSON.stringify(kit)});
    const tell = (what) => console.log(JSON.stringify(what));
    open({ it: shelf() }).then(
      (env) => env.close().then(() => tell({ opened: true })),
      (error) => tell({ code: error.code, text: error.message, hint: error.hint }));`;
  const workspace = join(folder, 'workspace');
  mkdirSync(workspace, { recursive: true });
  const { stdout, stderr } = spawnSync('sh', ['-c', shell, 'sh', process.execPath, '-e', script], {
    cwd: join(__dirname, '..'), // the kit's own project
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      SEAMKIT_RUNTIME: 'process',
      SEAMKIT_LINGER: '0',
      SEAMKIT_WORKSPACE: workspace,
      XDG_RUNTIME_DIR: join(folder, 'runtime'),
    },
    encoding: 'utf8',
  });
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout);
}

const noLimits = process.platform !== 'linux' && 'only Linux tells how many files are open';

testUnless(noLimits).each([24, 40, 63])(
  '%i open files are too few: said before the keeper is started',
  (most) => {
    expect(open(`ulimit -n ${most}; exec "$@"`)).toMatchObject({
      code: 'KEEPER_FAILED',
      text: expect.stringContaining(`only ${most} files open`),
      hint: 'ulimit -n 1024',
    });
    expect(open('ulimit -n 64; exec "$@"')).toEqual({ opened: true });
  },
);

const canMount = process.platform === 'linux' && spawnSync('unshare', ['-m', 'true']).status === 0;

describeUnless(!canMount && 'only root on Linux can mount')('a runtime folder', () => {
  const runtime = () => join(folder, 'runtime');
  afterEach(() => execFileSync('umount', ['-l', runtime()]));
  const mount = (...options: string[]) =>
    execFileSync('mount', [
      ...['-t', 'tmpfs', '-o', ['size=64k', 'mode=0700', ...options].join(), 'none', runtime()],
    ]);
  const unusable = {
    code: 'FOLDER_UNUSABLE',
    text: expect.stringContaining('runtime'),
    hint: expect.stringContaining('XDG_RUNTIME_DIR'),
  };

  test('that is read-only is named', () => {
    mount('ro');
    expect(open()).toMatchObject(unusable);
  });

  // From nothing to where the last of the keeper's files finds no room.
  test.each([0, 4, 8])('that has only %i KB left is named', (left) => {
    mount();
    writeFileSync(join(runtime(), 'filler'), Buffer.alloc((64 - left) * 1024));
    expect(open()).toMatchObject(unusable);
    rmSync(join(runtime(), 'filler'));
    expect(open()).toEqual({ opened: true });
  });
});
