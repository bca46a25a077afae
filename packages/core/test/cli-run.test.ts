import { CliProject } from './cli-project';

// `seamkit run -- <command>`, and what else reads seamkit.config.

let project: CliProject;
beforeEach(() => {
  project = new CliProject(['@seamkit/core']);
});
afterEach(() => project.remove());

const config = `
  const { defineConfig } = require('@seamkit/core');
  const { caller, shelf } = require(${JSON.stringify(require.resolve('./shelf/kit'))});
  module.exports = defineConfig({
    boundaries: { it: shelf({ prepare: (url) => caller(url)('PUT', '/kept', 'prepared') }) },
    variables: ({ it }) => ({ SHELF_URL: it.url }),
  });`;

/** A command that asks its server, then does `end`. */
function command(end: string): void {
  project.write(
    'command.js',
    `
    const { caller } = require(${JSON.stringify(require.resolve('./shelf/kit'))});
    caller(process.env.SHELF_URL)('GET', '/kept').then((kept) => {
      ${end}
      process.stdout.write(kept + ' ' + process.argv.slice(2).join(' '));
    });`,
  );
}

test('the command has the variables, its own options and its exit code', async () => {
  project.write('seamkit.config.js', config);
  command('process.exitCode = 7;');
  const { code, stdout } = await project.seamkit('run -- node command.js --json -x');
  expect([code, stdout]).toEqual([7, 'prepared --json -x']);
});

test('a command that a signal ended', async () => {
  project.write('seamkit.config.js', config);
  command("process.kill(process.pid, 'SIGTERM');");
  expect((await project.seamkit('run node command.js')).code).toBe(128 + 15);
});

test('SIGTERM is passed on, and nothing stays', async () => {
  project.write('seamkit.config.js', config);
  command("setInterval(() => {}, 1000); process.on('SIGTERM', () => process.exit(3));");
  const child = project.start('run -- node command.js');
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  child.kill('SIGTERM');
  const code = await new Promise((resolve) => child.once('exit', resolve));
  expect(code).toBe(3);
});

test('a config that is an ES module, in a folder above', async () => {
  project.write(
    'seamkit.config.mjs',
    config
      .replace(
        'const { defineConfig } = require',
        "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\nconst { defineConfig } = require",
      )
      .replace('module.exports =', 'export default'),
  );
  command('');
  project.write('below/keep', '');
  const { code, stdout } = await project.run('/bin/sh', [
    '-c',
    `cd below && "${process.execPath}" "${project.command}" run node ../command.js`,
  ]);
  expect([code, stdout]).toEqual([0, 'prepared ']);
});

test('up takes versions and prepare from it', async () => {
  project.write('seamkit.config.js', config);
  const up = await project.seamkit('up --env');
  expect([up.code, up.stdout]).toEqual([0, expect.stringMatching(/^SHELF_URL=http:/)]);
  command('');
  const SHELF_URL = up.stdout.trim().slice('SHELF_URL='.length);
  const { stdout } = await project.run(process.execPath, ['command.js'], { SHELF_URL });
  expect(stdout).toBe('prepared ');
});

test('up refuses to choose between two boundaries of one kit; run opens both', async () => {
  project.thirdParty('their-shelf', 'shelf', require.resolve('./shelf/kit'));
  project.write(
    'package.json',
    JSON.stringify({ name: 'project', dependencies: { '@seamkit/core': '*', 'their-shelf': '*' } }),
  );
  project.write(
    'seamkit.config.js',
    config
      .replace('boundaries: {', 'boundaries: { second: shelf(),')
      .replace('SHELF_URL: it.url', 'SHELF_URL: it.url, SECOND_URL: second.url')
      .replace('({ it })', '({ it, second })'),
  );
  for (const command of ['up', 'up shelf']) {
    const { code, stdout, stderr } = await project.seamkit(command);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/several boundaries of shelf \(second, it\).*\nNext: .*seamkit run --/);
  }
  command('process.stdout.write(String(process.env.SECOND_URL !== process.env.SHELF_URL));');
  expect(await project.seamkit('run -- node command.js')).toMatchObject({
    code: 0,
    stdout: 'trueprepared ',
  });
});

test.each([
  ['no config', undefined, /no seamkit\.config\.js here/],
  ['one that exports something else', 'module.exports = {};', /does not export what defineConfig/],
  ['one that throws', "throw new Error('broken on purpose');", /cannot be loaded/],
  [
    'one without variables',
    "module.exports = require('@seamkit/core').defineConfig({ boundaries: {} });",
    /has no variables/,
  ],
])('%s: usage error', async (_what, text, message) => {
  if (text) project.write('seamkit.config.js', text);
  const { code, stderr } = await project.seamkit('run -- node -v');
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
});

test('a command that does not exist', async () => {
  project.write('seamkit.config.js', config);
  const { code, stderr } = await project.seamkit('run -- no-such-command');
  expect([code, stderr]).toEqual([2, expect.stringContaining('no-such-command cannot be run')]);
});
