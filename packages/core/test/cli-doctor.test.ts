import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testUnless } from '@seamkit/test-run';
import { CliProject } from './cli-project';

// The machine with Docker is only there where DOCKER_HOST leads to one; the others are made here.

// It starts many processes, one after another.
jest.setTimeout(180_000);

const noEngine = { SEAMKIT_RUNTIME: '', DOCKER_HOST: 'tcp://127.0.0.1:1' };
const canGoOffline =
  existsSync('/usr/bin/apt-get') && spawnSync('unshare', ['-n', 'true']).status === 0;
const engine = process.env.DOCKER_HOST && process.env.SEAMKIT_REDIS_IMAGE;

let project: CliProject;
let cache: string;

beforeAll(() => {
  project = new CliProject(['@seamkit/core', '@seamkit/redis', '@seamkit/http'], {
    dependencies: { rare: '1', broken: '1' },
  });
  // Somebody else's kit, whose program no machine has.
  project.thirdParty('rare', 'rare', './kit.js');
  project.write(
    'node_modules/rare/kit.js',
    `exports.rare = require(${JSON.stringify(require.resolve('@seamkit/core'))}).defineKit({
       kind: 'server', name: 'rare',
       supports: { runtimes: ['container', 'process', 'external'], prepare: false },
       server: require.resolve('./server.js'),
       options: {}, plan: () => ({}),
       driver: async () => { throw new Error('no answer from there'); },
     });`,
  );
  project.write(
    'node_modules/rare/server.js',
    `exports.server = {
       async process(request, ctx) {
         await ctx.program({
           command: 'rared',
           debian: [{ packages: ['redis-server'], path: 'usr/bin/redis-server' }],
           install: { linux: 'build rared', darwin: 'build rared' },
         });
         await ctx.folder(); // where a doctor leaves
       },
       async container(request, ctx) { await ctx.start('rare:never'); },
     };`,
  );
  project.install('testcontainers');
  project.thirdParty('broken', 'nothing', './index.js');
  project.write('node_modules/broken/index.js', 'exports.other = () => {};');
});

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'seamkit-doctor-'));
  execFileSync('chmod', ['755', cache]);
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));
afterAll(() => project.remove());

async function doctor(env: Record<string, string>) {
  const { code, stdout } = await project.seamkit('doctor --json', env);
  const report = JSON.parse(stdout);
  const kit = (name: string) => report.kits.find((one: any) => one.kit === name);
  const runtime = (name: string, which: string) =>
    kit(name).runtimes.find((one: any) => one.runtime === which);
  return { code, report, kit, runtime };
}

const unset = !engine && 'DOCKER_HOST and SEAMKIT_REDIS_IMAGE are not set';

testUnless(unset, 'container')('with Docker: a container, and of which image', async () => {
  const { report, kit, runtime } = await doctor({ SEAMKIT_RUNTIME: '' });
  expect(report.machine.engine).toMatchObject({
    reachable: true,
    address: process.env.DOCKER_HOST,
    version: expect.stringMatching(/^\d+\./),
    rootless: expect.any(Boolean),
    testcontainers: expect.stringMatching(/^\d+\./),
  });
  expect(kit('redis').choice).toEqual({
    runtime: 'container',
    reason: `an engine answers at ${process.env.DOCKER_HOST}`,
  });
  const image = process.env.SEAMKIT_REDIS_IMAGE;
  expect(runtime('redis', 'container')).toMatchObject({
    usable: true,
    detail: `image ${image} is here`,
  });
  expect(runtime('rare', 'container').detail).toBe(
    'image rare:never will be pulled at the first start',
  );
});

test('without Docker: a process, and of which program', async () => {
  const { report, kit, runtime } = await doctor(noEngine);
  expect(report.machine.engine).toMatchObject({
    reachable: false,
    tried: ['tcp://127.0.0.1:1: ECONNREFUSED'],
  });
  expect(kit('redis').choice).toEqual({
    runtime: 'process',
    reason: 'no container engine answers',
  });
  expect(runtime('redis', 'process')).toMatchObject({ usable: true });
  expect(runtime('redis', 'container')).toMatchObject({
    usable: false,
    detail: 'no container engine answers',
    next: 'start Docker, or set DOCKER_HOST',
  });
  expect(kit('http').choice.runtime).toBe('local');
});

test('it chooses as a test does, program and reason', async () => {
  const { kit, runtime } = await doctor(noEngine);
  project.write(
    'open.js',
    `const { open } = require('@seamkit/core');
     const { keeperStatus } = require('@seamkit/core/inspect');
     open({ it: require('@seamkit/redis').redis() }).then(async (env) => {
       console.log(JSON.stringify((await keeperStatus(process.cwd())).servers[0]));
       await env.close();
     });`,
  );
  const run = await project.run(process.execPath, ['open.js'], {
    ...noEngine,
    SEAMKIT_LOG: 'info',
  });
  const { runtime: chosen, reason } = kit('redis').choice;
  expect([run.code, run.stderr]).toEqual([
    0,
    expect.stringContaining(` as ${chosen} (${reason}); to pin it: redis({ version: '`),
  ]);
  const server = JSON.parse(run.stdout);
  expect(run.stderr).toContain(`it: redis ${server.version} as`);
  expect(server.version).toBe(runtime('redis', 'process').version);
  expect(runtime('redis', 'process').program.startsWith(server.uses[0])).toBe(true);
});

const bare = () => ({ ...noEngine, PATH: '', SEAMKIT_DOWNLOAD: '0', SEAMKIT_CACHE: cache });

test('with neither Docker nor programs nor downloads: what was tried, and what to do', async () => {
  const { code, report, kit, runtime } = await doctor(bare());
  expect(code).toBe(1);
  expect(kit('rare').choice.runtime).toBe('process');
  expect(runtime('rare', 'process')).toMatchObject({
    usable: false,
    detail: 'rare: there is no rared here',
    problem: {
      code: 'BINARY_NOT_FOUND',
      tried: [expect.stringMatching(/^PATH and the usual folders/), expect.any(String)],
    },
  });
  expect(report.next).toContain(
    'rare: install it: build rared; or start Docker; or set SEAMKIT_RARE_URL to a server that runs already',
  );
  const { stdout } = await project.seamkit('doctor', bare());
  expect(stdout).toMatch(/→ rare: install it: build rared; or start Docker/);
});

const online = !canGoOffline && 'going offline takes unshare -n and Debian';

testUnless(online)(
  'without network: the mirror that does not answer is named, with what to do',
  async () => {
    const { code, stdout } = await project.run(
      'unshare',
      ['-n', process.execPath, project.command, 'doctor', '--json'],
      { ...noEngine, SEAMKIT_CACHE: cache },
    );
    const report = JSON.parse(stdout);
    const rare = report.kits.find(({ kit }: any) => kit === 'rare');
    const found = rare.runtimes.find(({ runtime }: any) => runtime === 'process');
    expect([code, found.problem.code]).toEqual([1, 'DOWNLOAD_FAILED']);
    expect(found.problem.log.join('\n')).toMatch(
      /Could not resolve|Failed to fetch|Temporary failure/,
    );
    expect(report.next).toContainEqual(
      expect.stringMatching(/^rare: check that apt's mirror answers, and run again; or install it/),
    );
  },
);

test('a forced runtime that is not available', async () => {
  const { code, report, kit } = await doctor({ ...noEngine, SEAMKIT_REDIS_RUNTIME: 'container' });
  expect([code, kit('redis').problem.code]).toEqual([1, 'RUNTIME_UNAVAILABLE']);
  expect(report.next).toContainEqual(
    expect.stringMatching(/^redis: start Docker, or set DOCKER_HOST/),
  );
});

test('an external server that does not answer; its password is not shown', async () => {
  const env = { ...noEngine, SEAMKIT_REDIS_URL: 'redis://:hidden@127.0.0.1:1/0' };
  const { report, runtime } = await doctor(env);
  const { usable, problem } = runtime('redis', 'external');
  expect([usable, problem.code]).toEqual([false, 'SERVER_UNREACHABLE']);
  expect(report.next).toContainEqual(expect.stringMatching(/^redis: /));
  const { stdout } = await project.seamkit('doctor', env);
  expect(stdout).toMatch(/redis {2}external: SEAMKIT_REDIS_URL is set/);
  expect(stdout).not.toContain('hidden');
});

test('an external server that could be anybody’s is not connected to, and how to allow it is said', async () => {
  const env = { ...noEngine, SEAMKIT_RUNTIME: '', SEAMKIT_REDIS_URL: 'redis://:hidden@192.0.2.1' };
  const { code, report, kit, runtime } = await doctor(env);
  expect([code, kit('redis').problem.code]).toEqual([1, 'HOST_REFUSED']);
  expect(runtime('redis', 'external')).toMatchObject({
    usable: false,
    problem: { code: 'HOST_REFUSED' },
  });
  expect(report.next).toContainEqual(expect.stringContaining('SEAMKIT_ALLOW_HOSTS=192.0.2.1'));
});

test('a package that says it is a kit, and is none', async () => {
  const { code, report } = await doctor(noEngine);
  expect(report.broken).toEqual([
    {
      package: 'broken',
      version: '1.2.3',
      reason: "its package.json names the factory 'nothing', which it does not export",
    },
  ]);
  expect([code, report.next]).toEqual([1, [expect.stringMatching(/^broken does not load/)]]);
});

test('a project without kits hears how to get one', async () => {
  const empty = new CliProject([]);
  const { code, stdout } = await empty.seamkit('doctor', noEngine);
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(/no kit is installed here: seamkit init/),
  ]);
  await empty.remove();
});
