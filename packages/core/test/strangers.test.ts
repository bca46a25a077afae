import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describeUnless, testUnless } from '@seamkit/test-run';
import { OwnModules } from '../dist/keeper/own-modules';
import { findProgram } from '../dist/program/find';
import { findProject } from '../dist/project/workspace';
import { findTestcontainers } from '../dist/runtime/container';
import { containersUsable } from '../dist/test-process/choose-runtime';

// Another user of the machine has put things where ours are looked for: in a folder above that all
// may write to, as /tmp is. Users are told apart by their ids, so it takes root to play them.

const command = join(__dirname, '../bin/seamkit.js');
const core = require.resolve('@seamkit/core');
const [stranger, another] = [60_001, 60_002];
const isRoot = process.geteuid?.() === 0;
const describeAsRoot = describeUnless(!isRoot && 'only root can play other users');

/** Whether any user may read the files of this checkout. */
const reachable = (path: string): boolean =>
  (statSync(path).mode & 0o005) === 0o005 && (path === dirname(path) || reachable(dirname(path)));
const victims = [0, ...(reachable(dirname(command)) ? [another] : [])];
testUnless(isRoot && victims.length === 1 && 'this checkout is in a closed folder')(
  'a victim other than root is played, too',
  () => {},
);

let shared: string;
let mark: string;
beforeEach(() => {
  shared = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-shared-')));
  chmodSync(shared, 0o1777);
  mark = join(shared, 'ran');
});
afterEach(() => rmSync(shared, { recursive: true }));

function file(uid: number, path: string, text: string): string {
  const full = join(shared, path);
  folder(uid, dirname(path));
  writeFileSync(full, text);
  chownSync(full, uid, uid);
  return full;
}

function folder(uid: number, path: string): string {
  const full = join(shared, path);
  if (full === shared || existsSync(full)) return full;
  folder(uid, dirname(path));
  mkdirSync(full);
  chownSync(full, uid, uid);
  return full;
}

const manifest = (uid: number, path: string, fields: object = {}) =>
  file(uid, join(path, 'package.json'), JSON.stringify({ name: 'project', ...fields }));

/** A package that leaves a mark where it is loaded, and is a kit. */
function plant(uid: number, modules: string, name = 'planted'): void {
  const place = join(modules, 'node_modules', name);
  file(
    uid,
    join(place, 'package.json'),
    JSON.stringify({ name, version: '1.0.0', main: 'index.js', seamkit: { kit: 'planted' } }),
  );
  file(
    uid,
    join(place, 'index.js'),
    `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '');
     exports.planted = require(${JSON.stringify(core)}).defineKit({
       kind: 'server', name: 'planted', supports: { runtimes: ['external'], prepare: false },
       server: __filename, options: {}, plan: () => ({}), driver: async () => ({ close: async () => {} }),
     });`,
  );
}

function seamkit(victim: number, where: string, args: string, env: Record<string, string> = {}) {
  const own = folder(victim, `home-of-${victim}`);
  chmodSync(own, 0o700);
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args.split(' ')], {
    cwd: where,
    ...(victim && { uid: victim, gid: victim }),
    env: {
      PATH: process.env.PATH,
      HOME: own,
      TMPDIR: own,
      XDG_RUNTIME_DIR: own,
      SEAMKIT_CACHE: join(own, 'cache'),
      DOCKER_HOST: 'tcp://127.0.0.1:1',
      ...env,
    },
    encoding: 'utf8',
  });
  return { code: status, text: stdout + stderr, ran: existsSync(mark) };
}

const refused = (path: string) =>
  expect.objectContaining({
    code: 'FOLDER_UNUSABLE',
    summary: expect.stringContaining(`${path} belongs to another user (uid ${stranger})`),
    hint: expect.stringContaining(`SEAMKIT_SAFE_DIRECTORIES=${path}`),
  });

describeAsRoot.each(victims)('the command line of uid %i', (victim) => {
  test.each(['doctor', 'url planted', 'up', 'init --install'])(
    'runs nothing of a project that somebody else has put above: %s',
    (args) => {
      manifest(stranger, '.', {
        workspaces: ['*'],
        dependencies: { planted: '1' },
        scripts: { postinstall: `touch ${mark}` },
      });
      plant(stranger, '.');
      for (const where of [shared, folder(victim, 'mine/deep')]) {
        const { code, text, ran } = seamkit(victim, where, args);
        expect([code === 0, ran]).toEqual([false, false]);
        if (args.startsWith('init') && where !== shared) continue; // it looks no higher
        expect(text).toContain(`package.json belongs to another user (uid ${stranger})`);
        expect(text).toContain(`SEAMKIT_SAFE_DIRECTORIES=${join(shared, 'package.json')}`);
      }
    },
  );

  test('loads no package for a project of its own that somebody else has put above', () => {
    manifest(victim, 'mine', { dependencies: { planted: '1' } });
    plant(stranger, '.');
    for (const args of ['doctor', 'url planted']) {
      const { code, text, ran } = seamkit(victim, join(shared, 'mine'), args);
      expect([code, ran]).toEqual([1, false]);
      expect(text).toContain(`${join(shared, 'node_modules')} belongs to another user`);
    }
  });

  test('works in a project of its own, whatever is above it', () => {
    manifest(victim, 'mine', { dependencies: { planted: '1' } });
    plant(victim, 'mine');
    manifest(stranger, '.', { workspaces: ['*'] });
    folder(stranger, '.git');
    const { text, ran } = seamkit(victim, join(shared, 'mine'), 'doctor --json');
    expect([JSON.parse(text).machine.workspace, ran]).toEqual([join(shared, 'mine'), true]);
  });

  test('takes what SEAMKIT_SAFE_DIRECTORIES names', () => {
    manifest(stranger, 'theirs', { dependencies: { planted: '1' } });
    plant(stranger, 'theirs');
    const trusted = { SEAMKIT_SAFE_DIRECTORIES: `/nowhere:${join(shared, 'theirs')}` };
    const where = folder(victim, 'theirs/of-mine');
    expect(seamkit(victim, where, 'doctor').ran).toBe(false);
    expect(seamkit(victim, where, 'doctor', trusted).ran).toBe(true);
  });
});

describeAsRoot('root', () => {
  test('works in a checkout of another user, as in a container that has one mounted', () => {
    manifest(stranger, 'checkout', { dependencies: { planted: '1' } });
    folder(stranger, 'checkout/.git');
    manifest(stranger, 'checkout/packages/shop');
    plant(0, 'checkout'); // as by `npm ci` in the container
    for (const place of ['checkout', 'checkout/packages/shop']) {
      const { text, ran } = seamkit(0, join(shared, place), 'doctor --json');
      expect([JSON.parse(text).machine.workspace, ran]).toEqual([join(shared, 'checkout'), true]);
    }
  });

  test('does not work in it for a third user', () => {
    manifest(another, 'checkout', { dependencies: { planted: '1' } });
    plant(stranger, 'checkout');
    const { code, ran } = seamkit(0, join(shared, 'checkout'), 'doctor');
    expect([code, ran]).toEqual([1, false]);
  });
});

describeAsRoot('of another user', () => {
  test('a project is refused, and named', () => {
    const theirs = manifest(stranger, '.');
    expect(() => findProject(folder(0, 'mine'))).toThrow(refused(theirs));
    manifest(0, 'mine');
    expect(findProject(join(shared, 'mine'))).toBe(join(shared, 'mine'));
  });

  test('Testcontainers is not loaded', async () => {
    plant(stranger, '.', 'testcontainers');
    const server = file(0, 'mine/server.js', '');
    expect(() => findTestcontainers(server)).toThrow(refused(join(shared, 'node_modules')));
    expect(await containersUsable({ server })).toMatchObject({
      usable: false,
      reason: expect.stringContaining('belongs to another user'),
    });
  });

  test('no package is looked through by the keeper', () => {
    manifest(0, 'mine', { dependencies: { planted: '1' } });
    plant(stranger, '.');
    const module = join(shared, 'node_modules/planted/index.js');
    const modules = new OwnModules([join(shared, 'mine')]);
    expect(() => modules.resolve(module)).toThrow(expect.objectContaining({ code: 'KIT_REFUSED' }));
  });

  test.each(['a package', 'a link to one of ours'])('no program is run from %s', async (what) => {
    const program = `#!/bin/sh\ntouch ${mark}\necho 7.0.0\n`;
    const place = 'node_modules/programs';
    const real = what === 'a package' ? place : 'mine/old';
    const owner = what === 'a package' ? stranger : 0;
    manifest(owner, real);
    chmodSync(file(owner, join(real, 'run'), program), 0o755);
    if (real !== place) {
      folder(stranger, 'node_modules');
      symlinkSync(join(shared, real), join(shared, place));
    }
    const search = findProgram(
      { command: 'run-of-ours', npm: [{ package: 'programs', path: 'run' }] },
      {
        kit: 'it',
        path: '',
        from: folder(0, 'mine'),
        step: (_, work) => work(() => {}, new AbortController().signal),
        log() {},
      },
    );
    await expect(search).rejects.toMatchObject({
      code: 'BINARY_NOT_FOUND',
      tried: expect.arrayContaining([expect.stringContaining('belongs to another user')]),
    });
    expect(readdirSync(shared)).not.toContain('ran');
  });
});

test('a kit above that is ours is found as ever', () => {
  const own = process.geteuid?.() ?? 0;
  manifest(own, 'mine', { dependencies: { planted: '1' } });
  plant(own, '.');
  const { ran } = isRoot ? seamkit(0, join(shared, 'mine'), 'doctor') : seamkitAsSelf();
  expect([ran, readFileSync(mark, 'utf8')]).toEqual([true, '']);
});

function seamkitAsSelf() {
  spawnSync(process.execPath, [command, 'doctor'], { cwd: join(shared, 'mine') });
  return { ran: existsSync(mark) };
}
