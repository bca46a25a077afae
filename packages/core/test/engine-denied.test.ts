import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { testUnless } from '@seamkit/test-run';

// An engine that is there, and that this user may not use: its socket belongs to root and a group.

const isRoot = process.geteuid?.() === 0;
const other = 60_002;
const dist = join(__dirname, '../dist');
const reachable = (path: string): boolean =>
  (statSync(path).mode & 0o005) === 0o005 && (path === dirname(path) || reachable(dirname(path)));
const possible = !isRoot || reachable(dist);
const withUsers = testUnless(!possible && 'this checkout is in a closed folder');

let folder: string;
let socket: string;
let engine: Server;
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-denied-')));
  if (isRoot) chownSync(folder, other, other);
  socket = join(folder, 'docker.sock');
  engine = createServer().listen(socket);
  await new Promise((resolve) => engine.once('listening', resolve));
  chmodSync(socket, 0o000);
});
afterAll(async () => {
  await new Promise((resolve) => engine.close(resolve));
  rmSync(folder, { recursive: true });
});

/** What `chooseRuntime` comes to, twice, as the user who may not. */
async function choose(options: object): Promise<{ output: string; errors: string }> {
  const script = `
    const { chooseRuntime } = require(${JSON.stringify(join(dist, 'test-process/choose-runtime'))});
    const kit = {
      name: 'shelf',
      server: ${JSON.stringify(__filename)}, // from where testcontainers is seen
      supports: { runtimes: ['container', 'process'] },
    };
    const tell = (found) => console.log(JSON.stringify(found));
    const choose = () => chooseRuntime(kit, ${JSON.stringify(options)}).then(tell, (error) =>
      tell({ code: error.code, hint: error.hint, tried: error.tried }));
    choose().then(choose);`;
  const child = spawn(process.execPath, ['-e', script], {
    cwd: folder,
    ...(isRoot && { uid: other, gid: other }),
    env: { PATH: process.env.PATH, HOME: folder, DOCKER_HOST: `unix://${socket}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { output, errors };
}

const group = 'sudo usermod -aG docker $USER';

withUsers('processes are taken, and it is said once, with the group that would help', async () => {
  const { output, errors } = await choose({});
  const choice = { runtime: 'process', reason: `no permission for unix://${socket}` };
  expect(
    output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([choice, choice]);
  expect(errors.split('\n').filter(Boolean)).toEqual([
    expect.stringMatching(/^seamkit no permission for unix:.*so servers run as processes/),
  ]);
  expect(errors).toContain(group);
});

withUsers('where containers are forced, the hint names the group', async () => {
  const { output } = await choose({ runtime: 'container' });
  expect(JSON.parse(output.split('\n')[0]!)).toEqual({
    code: 'RUNTIME_UNAVAILABLE',
    hint: expect.stringContaining(group),
    tried: [`unix://${socket}: EACCES`],
  });
});
