import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { withoutPassword } from '../dist/without-password';
import { CliProject } from './cli-project';
import { caller } from './shelf/kit';
import { until } from './until';

// A project with a kit of ours and one of somebody else's, the tiny shelf.

// It starts many processes, one after another.
jest.setTimeout(180_000);

let project: CliProject;

beforeAll(() => {
  project = new CliProject(['@seamkit/core', '@seamkit/redis', '@seamkit/http'], {
    dependencies: { 'their-shelf': '1' },
  });
  project.thirdParty('their-shelf', 'shelf', join(__dirname, 'shelf/kit'));
});

afterAll(() => project.remove());

async function json(args: string, env?: Record<string, string>) {
  const { code, stdout } = await project.seamkit(`${args} --json`, env);
  return { code, ...JSON.parse(stdout) };
}

const answers = (url: string) =>
  caller(url)('GET', '').then(
    () => true,
    () => false,
  );

describe('servers', () => {
  afterEach(() => project.seamkit('down'));

  test('up gives a sandbox that stays, whoever asks again and whatever tests run; down ends it', async () => {
    const first = await json('up');
    expect([first.code, first.failed]).toEqual([0, []]);
    expect(first.servers).toEqual([
      {
        kit: 'redis',
        runtime: 'process',
        version: expect.any(String),
        url: expect.stringMatching(/^redis:/),
        variables: { REDIS_URL: first.servers[0].url },
        already: false,
      },
      {
        kit: 'shelf',
        runtime: 'process',
        version: '1.0',
        url: expect.stringMatching(/^http:/),
        variables: { SHELF_URL: first.servers[1].url },
        already: false,
      },
    ]);
    const { url } = first.servers[1];
    await caller(url)('PUT', '/kept', 'mine');

    project.write(
      'a.test.js',
      `const env = require('@seamkit/core').use({ it: require('their-shelf').shelf() });
     require('node:test').test('runs', () => console.log('url', env.it.url));`,
    );
    const run = await project.run(process.execPath, ['--test', 'a.test.js']);
    const [, ofTest] = /url (\S+)/.exec(run.stdout)!;
    expect(new URL(ofTest!).host).toBe(new URL(url).host); // the same server
    expect(ofTest).not.toBe(url); // a sandbox of its own

    const again = await json('up shelf');
    expect(again.servers).toEqual([{ ...first.servers[1], already: true }]);
    expect(await caller(url)('GET', '/kept')).toBe('mine');

    expect(await json('down')).toEqual({ code: 0, kits: ['redis', 'shelf'], sessions: 0 });
    expect(await answers(url)).toBe(false);
    expect(await json('down')).toEqual({ code: 0, kits: [], sessions: 0 });
  });

  test('of several at once all get the same', async () => {
    const [a, b, c] = await Promise.all([json('up shelf'), json('up'), json('up shelf')]);
    const urls = [a, b, c].map(
      ({ servers }) => servers.find(({ kit }: any) => kit === 'shelf').url,
    );
    expect(new Set(urls).size).toBe(1);
    expect(await answers(urls[0])).toBe(true);
  });

  test('--env prints lines that a shell and dotenv read, and nothing else', async () => {
    const { stdout, stderr } = await project.seamkit('up --env');
    expect(stdout).toMatch(/^REDIS_URL=redis:\S+\nSHELF_URL=http:\S+\n$/);
    expect(stderr).toMatch(/shelf: starting/);
    const shell = await project.run('/bin/sh', ['-c', `eval '${stdout}'; echo $SHELF_URL`]);
    expect(shell.stdout.trim()).toBe((await json('url shelf')).url);
  });

  test('a server that died is replaced by the next up', async () => {
    const { servers } = await json('up shelf');
    const [row] = (await json('ps')).servers;
    process.kill(row.processes[0], 'SIGKILL');
    await until(async () => (await json('ps')).servers.length === 0, 'the server to be gone');
    expect(await json('url shelf')).toMatchObject({ code: 1, error: { code: 'NOT_STARTED' } });
    const next = await json('up shelf');
    expect([next.servers[0].already, next.servers[0].url === servers[0].url]).toEqual([
      false,
      false,
    ]);
  });

  test('one kit that does not start keeps no other from it', async () => {
    const up = await json('up', { SEAMKIT_REDIS_BIN: '/nowhere' });
    expect(up).toMatchObject({
      code: 1,
      servers: [{ kit: 'shelf' }],
      failed: [{ kit: 'redis', error: { code: 'BINARY_NOT_FOUND' } }],
    });
  });

  test('an external server is nobody to start: its url is told', async () => {
    const url = 'redis://:word@10.0.0.1:6379';
    const up = await json('up redis', { SEAMKIT_RUNTIME: '', SEAMKIT_REDIS_URL: url });
    expect(up.servers).toEqual([
      { kit: 'redis', runtime: 'external', url, variables: { REDIS_URL: url }, already: true },
    ]);
  });

  test('an external server that could be anybody’s is not up', async () => {
    const env = { SEAMKIT_RUNTIME: '', SEAMKIT_REDIS_URL: 'redis://:word@cache.example.com' };
    expect(await json('up redis', env)).toMatchObject({
      code: 1,
      servers: [],
      failed: [{ kit: 'redis', error: { code: 'HOST_REFUSED' } }],
    });
  });

  test('ps tells what runs, without passwords; logs what it says', async () => {
    const up = await json('up shelf');
    const { password } = new URL(up.servers[0].url);
    const { servers } = await json('ps');
    expect(servers).toEqual([
      expect.objectContaining({
        workspace: project.folder,
        kit: 'shelf',
        version: '1.0',
        state: 'running',
        processes: [expect.any(Number)],
        sandboxes: 1,
        url: expect.stringMatching(/^http:\/\/shelf:\*\*\*@127/),
        up: true,
      }),
    ]);
    if (process.platform === 'linux') expect(servers[0].memory).toBeGreaterThan(1e6);
    const everywhere = await project.seamkit('ps --all');
    expect(everywhere.stdout).toContain(project.folder);
    const logs = await project.seamkit('logs shelf');
    expect(logs.stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} shelves are ready$/m);
    expect(everywhere.stdout + logs.stdout + JSON.stringify(servers)).not.toContain(password);
    expect((await json('url shelf --admin')).url).toContain(`:${password}@`);
  });

  test('logs --follow tells what is still to come, until the server ends', async () => {
    const { servers } = await json('up shelf');
    const follower = project.start('logs shelf -f');
    const ended = once(follower, 'close');
    const lines = createInterface({ input: follower.stdout! })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toContain('shelves are ready');
    await caller(servers[0].url)('PUT', '/log', 'something new');
    expect((await lines.next()).value).toContain('something new');
    await json('down');
    expect(await ended).toEqual([0, null]);
  });
});

test.each([
  ['url shelf', 1, 'NOT_STARTED', 'seamkit up shelf'],
  ['logs shelf', 1, 'NOT_STARTED', 'seamkit up shelf'],
  ['url nope', 2, 'OPTION_INVALID', 'name one of: redis, shelf'],
  ['up http', 2, 'OPTION_INVALID', 'name one of: redis, shelf'],
  ['up nats', 2, 'OPTION_INVALID', 'npm install --save-dev @seamkit/nats'],
])('%s fails with %i and tells what to do', async (args, code, error, hint) => {
  expect(await json(args)).toEqual({
    code,
    error: expect.objectContaining({ code: error, hint: expect.stringContaining(hint) }),
  });
  const { stdout, stderr } = await project.seamkit(args);
  expect([stdout, stderr]).toEqual(['', expect.stringContaining(`[${error}]\nNext: `)]);
});

test.each([
  ['nope', 2],
  ['up --nope', 2],
  ['url', 2],
  ['--help', 0],
  ['up --help', 0],
  ['--version', 0],
])('%s ends with %i', async (args, code) => {
  expect(await project.seamkit(args)).toMatchObject({ code });
});

test('wrong usage as JSON', async () => {
  expect(await json('up --nope')).toEqual({
    code: 2,
    error: { code: 'OPTION_INVALID', summary: expect.stringContaining("'--nope'") },
  });
});

test.each([
  ['postgres://ann:word@h:1/db?sslmode=off', 'postgres://ann:***@h:1/db?sslmode=off'],
  ['redis://:word@h', 'redis://:***@h'],
  ['http://h/a@b?x=1', 'http://h/a@b?x=1'],
  ['x://a:w@h1,h2/?accessKey=w&apikey=w', 'x://a:***@h1,h2/?accessKey=***&apikey=***'],
])('%s is shown without what is secret', (url, shown) => {
  expect(withoutPassword(url)).toBe(shown);
});

test('every command is in --help and on its page', async () => {
  const { stdout } = await project.seamkit('--help');
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*\[options\]|^ {2}([a-z]+) {2,}/gm)];
  const page = readFileSync(join(__dirname, '../../../docs/command-line.md'), 'utf8');
  const names = commands.map(([, name, plain]) => name ?? plain!).filter((name) => name !== 'help');
  expect(names).toEqual(['doctor', 'init', 'up', 'down', 'ps', 'url', 'logs', 'clean']);
  const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, text]) => text).join(' ');
  expect(names.filter((name) => !headings.includes(name))).toEqual([]);
});
