import { execFileSync } from 'node:child_process';
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { testUnless } from '@seamkit/test-run';
import { Ledger } from '../dist/system/ledger';
import { identify } from '../dist/system/process-identity';
import { CliProject } from './cli-project';
import { until } from './until';

// It starts many processes, one after another.
jest.setTimeout(180_000);

let project: CliProject;
/** Cache and state of this test's own. */
let folder: string;
let env: Record<string, string>;

beforeEach(() => {
  folder = mkdtempSync('/tmp/seamkit-clean-'); // a socket's path is short
  execFileSync('chmod', ['755', folder]); // root's servers run as somebody else
  const [cache, state] = [join(folder, 'cache'), join(folder, 'state')];
  for (const path of [cache, state]) mkdirSync(path);
  env = { SEAMKIT_CACHE: cache, XDG_RUNTIME_DIR: state };
  project = new CliProject(['@seamkit/core'], {
    dependencies: { 'their-shelf': '1' },
  });
  project.thirdParty('their-shelf', 'shelf', join(__dirname, 'shelf/kit'));
});

afterEach(async () => {
  await project.seamkit('down', env);
  await project.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function clean(args: string) {
  const { code, stdout } = await project.seamkit(`clean ${args} --json`, env);
  return { code, ...JSON.parse(stdout) };
}

function fill(path: string): string {
  const place = join(folder, 'cache', path);
  mkdirSync(place, { recursive: true });
  copyFileSync(__filename, join(place, 'file'));
  return place;
}

test('the cache is listed with its sizes, and goes only when that is confirmed', async () => {
  const places = ['debian/sid-amd64/a-1', 'npm/b-2', 'made/c', 'apt/sid/1'].map(fill);
  const plan = await clean('--cache');
  expect(plan.things.map(({ what }: any) => what).sort()).toEqual([...places].sort());
  expect(plan.things.every(({ bytes }: any) => bytes > 0)).toBe(true);
  expect([plan.code, plan.removed, plan.freed]).toEqual([0, [], 0]);
  const { stdout } = await project.seamkit('clean --cache', env); // no terminal: that is a no
  expect(stdout).toMatch(/Nothing was removed\. To do so: seamkit clean --yes/);
  expect(places.filter((place) => existsSync(place))).toEqual(places);

  const done = await clean('--cache --yes');
  expect(done.removed.sort()).toEqual([...places].sort());
  expect(places.filter((place) => existsSync(place))).toEqual([]);
});

/** A zombie does not. */
function runs(pid: number): boolean {
  return identify(pid) !== undefined;
}

const noTerminal =
  !existsSync('/usr/bin/script') && 'script(1), which makes a terminal, is missing';

testUnless(noTerminal)('at a terminal it asks', async () => {
  const place = fill('made/c');
  const ask = (answer: string) =>
    project.run(
      '/bin/sh',
      [
        '-c',
        `echo ${answer} | script -qec "$0 $1 clean --cache" /dev/null`,
        process.execPath,
        project.command,
      ],
      env,
    );
  expect((await ask('n')).stdout).toContain('[y/N]');
  expect(existsSync(place)).toBe(true);
  await ask('y');
  expect(existsSync(place)).toBe(false);
});

test('what a running server uses stays', async () => {
  // Their shelf again, on a Node from the cache.
  const [kit, server] = ['kit', 'server'].map((name) =>
    JSON.stringify(join(__dirname, 'shelf', name)),
  );
  project.thirdParty('their-shelf', 'shelf', './cached.js');
  project.write(
    'node_modules/their-shelf/cached.js',
    `const { kit } = require(${kit}).shelf();
     const { defineKit } = require(${JSON.stringify(require.resolve('@seamkit/core'))});
     exports.shelf = defineKit({ ...kit, server: require.resolve('./server') });`,
  );
  project.write(
    'node_modules/their-shelf/server.js',
    `const { server } = require(${server});
     exports.server = {
       async process(request, ctx) {
         const node = await ctx.program({ command: 'node' });
         return server.process(request, { ...ctx, spawn: (_, ...rest) => ctx.spawn(node, ...rest) });
       },
     };`,
  );
  const used = fill('npm/node');
  const idle = fill('npm/idle');
  symlinkSync(process.execPath, join(used, 'node'));
  env = { ...env, SEAMKIT_SHELF_BIN: used };
  expect(await project.seamkit('up shelf', env)).toMatchObject({ code: 0 });

  const done = await clean('--cache --yes');
  expect([done.removed, done.kept]).toEqual([[idle], [expect.objectContaining({ what: used })]]);
  expect(existsSync(used)).toBe(true);
});

test('leftovers of a keeper that died with its leash go; what lives stays', async () => {
  await project.seamkit('up shelf', env);
  const [run] = readdirSync(join(folder, 'state'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /run-\w+$/.test(path))
    .map((path) => join(folder, 'state', path));
  const entries = new Ledger(join(run!, 'ledger')).entries() as any[];
  const data: string = entries.find(({ kind }) => kind === 'folder').path;
  const server = Number(entries.find(({ kind }) => kind === 'group').leader.split(':')[0]);
  const pid = Number(readFileSync(join(run!, 'keeper'), 'utf8').split(':')[0]);
  const found = () => clean('--leftovers').then(({ things }) => ours(things));
  expect(await found()).toEqual([]);

  process.kill(pid, 'SIGSTOP'); // else it would start another leash
  const leash = execFileSync('pgrep', ['-P', String(pid), '-f', 'leash.js'], { encoding: 'utf8' });
  process.kill(Number(leash), 'SIGKILL');
  process.kill(pid, 'SIGKILL');
  await until(() => !runs(pid), 'the keeper to be gone');
  // Where the system ends a server with its keeper, that has gone already.
  expect(existsSync(data)).toBe(true);

  const [left] = await found();
  expect(left.why).toContain(`folder ${data}`);
  expect(left.bytes).toBeGreaterThan(0);
  await clean('--leftovers --yes');
  await until(() => !runs(server), 'the server to be gone');
  expect(existsSync(data)).toBe(false);
  expect(await found()).toEqual([]);

  function ours(things: any[]): any[] {
    return things.filter(({ what }) => what.startsWith(folder));
  }
});

test('leftovers of an engine that does not answer are listed without what it has', async () => {
  const run = join(folder, `state/seamkit-${process.getuid!()}/0123/run-abc`);
  const ledger = join(run, 'ledger');
  for (const path of [join(run, '../..'), ledger])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  writeFileSync(join(run, 'keeper'), '999999999:1');
  const library = join(run, 'engine.js');
  writeFileSync(library, 'exports.getContainerRuntimeClient = () => new Promise(() => {});');
  new Ledger(ledger).add({ kind: 'containers', label: 'some', library });
  const { code, things } = await clean('--leftovers');
  expect(code).toBe(0);
  expect(things.map(({ what }: any) => what)).toContain(run);
});

testUnless(process.getuid?.() !== 0 && "only root can make a stranger's folder")(
  'a folder of ours that somebody else made is not believed',
  async () => {
    const precious = fill('made/precious');
    const run = join(folder, 'state/seamkit-0/0123/run-abc');
    mkdirSync(join(run, 'ledger'), { recursive: true });
    writeFileSync(join(run, 'keeper'), '999999999:1');
    const entry = { kind: 'folder', path: precious };
    writeFileSync(join(run, 'ledger/entry.json'), JSON.stringify(entry));
    const listed = async () =>
      (await clean('--leftovers')).things.filter(({ what }: any) => what === run).length;
    expect(await listed()).toBe(1);
    chownSync(join(folder, 'state/seamkit-0'), 12345, 12345);
    expect(await listed()).toBe(0);
  },
);
