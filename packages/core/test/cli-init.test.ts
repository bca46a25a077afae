import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliProject } from './cli-project';

// It starts many processes, one after another.
jest.setTimeout(180_000);

const jestBin = require.resolve('jest/bin/jest');
const vitestBin = join(require.resolve('vitest/package.json'), '../vitest.mjs');
/** Of both runners; theirs of 5 s are for a machine that has nothing else to do. */
const patience = '--testTimeout=60000';
let project: CliProject;

afterEach(() => project.remove());

async function init(args = '') {
  const { code, stdout } = await project.seamkit(`init --json${args}`);
  return { code, report: JSON.parse(stdout) };
}

test('Jest, TypeScript, CommonJS: what it writes runs', async () => {
  const clients = ['pg', '@types/pg', 'ioredis', 'minio'];
  const kits = ['core', 'postgres', 'redis', 's3'].map((name) => `@seamkit/${name}`);
  const tools = ['jest', 'ts-jest', 'typescript', '@types/jest', '@types/node'];
  project = new CliProject([...kits, ...clients, ...tools], { jest: { preset: 'ts-jest' } });
  project.write(
    'tsconfig.json',
    '{ "compilerOptions": { "strict": true, "esModuleInterop": true } }',
  );

  const { code, report } = await init();
  expect([code, report]).toEqual([
    0,
    {
      runner: 'jest',
      tests: [
        {
          kit: 'postgres',
          because: ['pg'],
          file: 'test/integration/postgres.test.ts',
          written: true,
        },
        {
          kit: 'redis',
          because: ['ioredis'],
          file: 'test/integration/redis.test.ts',
          written: true,
        },
        { kit: 's3', because: ['minio'], file: 'test/integration/s3.test.ts', written: true },
      ],
      missing: [],
      install: null,
      installed: false,
      run: 'npx jest test/integration',
      unseen: [],
    },
  ]);
  const run = await project.run(process.execPath, [jestBin, 'test/integration', patience]);
  expect([run.code, run.stderr]).toEqual([0, expect.stringMatching(/Tests:\s+6 passed/)]);
});

test('Vitest, ES modules, no globals: what it writes runs', async () => {
  const clients = ['pg', 'jose'];
  const kits = ['core', 'postgres', 'http', 'auth'].map((name) => `@seamkit/${name}`);
  project = new CliProject([...kits, ...clients, 'vitest'], { type: 'module' });
  project.write(
    'src/prices.js',
    'export const price = async () => (await fetch("https://x.test")).json();',
  );
  project.write('db/migrations/1.sql', 'create table orders (id int);');

  const { report } = await init();
  expect(report.tests.map(({ kit, because }: any) => [kit, because])).toEqual([
    ['auth', ['jose']],
    ['http', ['fetch']],
    ['postgres', ['pg']],
  ]);
  const run = await project.run(process.execPath, [vitestBin, 'run', 'test/integration', patience]);
  expect([run.code, run.stdout]).toEqual([0, expect.stringMatching(/Tests.*6 passed/)]);
});

test('node:test, plain JavaScript, CommonJS: what it writes runs', async () => {
  const clients = ['amqplib', '@nats-io/transport-node', 'knex', 'memjs', 'pg'];
  const kits = ['core', 'memcached', 'nats', 'postgres', 'rabbitmq'].map(
    (name) => `@seamkit/${name}`,
  );
  project = new CliProject([...kits, ...clients]);

  const { report } = await init();
  expect(report.run).toBe('node --test test/integration/*.test.js');
  const files = report.tests.map(({ file }: { file: string }) => file);
  const run = await project.run(process.execPath, ['--test', ...files]);
  expect([run.code, run.stdout]).toEqual([0, expect.stringMatching(/pass 7\n/)]);
});

test('where the project has its tests, and by their names: what it writes is run', async () => {
  // As `nest new` sets Jest up.
  const settings = { rootDir: 'src', testRegex: '.*\\.spec\\.js$' };
  const kits = ['core', 'redis'].map((name) => `@seamkit/${name}`);
  project = new CliProject([...kits, 'ioredis', 'jest'], { jest: settings });
  project.write('src/app.controller.spec.js', "test('it', () => {});");

  const { report } = await init();
  expect(report).toMatchObject({ run: 'npx jest src/integration', unseen: [] });
  expect(report.tests[0].file).toBe('src/integration/redis.spec.js');
  const run = await project.run(process.execPath, [jestBin, 'src/integration', patience]);
  expect([run.code, run.stderr]).toEqual([0, expect.stringMatching(/Tests:\s+2 passed/)]);
});

test('a file that the runner would leave out is named', async () => {
  project = new CliProject(['@seamkit/redis', 'ioredis', 'jest'], {
    jest: { testMatch: ['**/unit/*.js'] },
  });
  const { stdout } = await project.seamkit('init');
  const line = 'jest does not run test/integration/redis.test.js: add its name to testMatch';
  expect(stdout).toContain(line);
});

test('a file that is there stays as it is', async () => {
  project = new CliProject(['@seamkit/redis', 'ioredis']);
  project.write('tests/integration/redis.test.js', '// mine');
  const { report } = await init();
  expect(report.tests).toEqual([
    { kit: 'redis', because: ['ioredis'], file: 'tests/integration/redis.test.js', written: false },
  ]);
  expect(readFileSync(join(project.folder, 'tests/integration/redis.test.js'), 'utf8')).toBe(
    '// mine',
  );
});

test('what is missing is named with the package manager of the project; it writes once that is there', async () => {
  project = new CliProject(['ioredis']);
  project.write('pnpm-lock.yaml', '');
  const install = 'pnpm add --save-dev @seamkit/core @seamkit/redis';
  expect((await init()).report).toMatchObject({ install, installed: false, tests: [] });
  const { stdout } = await project.seamkit('init');
  expect(stdout).toMatch(new RegExp(`${install}\\n +npx seamkit init`));

  // It installs what it is asked for, as pnpm would.
  const manifest = JSON.stringify({
    devDependencies: { ioredis: '*', '@seamkit/core': '*', '@seamkit/redis': '*' },
  });
  project.write('asked-for.json', manifest);
  project.write(
    'bin/pnpm',
    '#!/bin/sh\necho "$@" > asked\ncp asked-for.json package.json\nmkdir -p node_modules\nmv kits node_modules/@seamkit\n',
  );
  await project.run('chmod', ['+x', 'bin/pnpm']);
  for (const name of ['core', 'redis']) project.link(name, 'kits');
  const PATH = `${join(project.folder, 'bin')}:${process.env.PATH}`;
  const { code, stdout: json } = await project.seamkit('init --install --json', { PATH });
  expect([code, JSON.parse(json)]).toEqual([
    0,
    expect.objectContaining({
      install,
      installed: true,
      tests: [expect.objectContaining({ kit: 'redis', written: true })],
    }),
  ]);
  expect(`pnpm ${readFileSync(join(project.folder, 'asked'), 'utf8').trim()}`).toBe(install);
});

test('a project without a known client hears which are known', async () => {
  project = new CliProject([]);
  const { code, stdout } = await project.seamkit('init');
  expect([code, stdout]).toEqual([1, expect.stringMatching(/redis\s+ioredis/)]);
});
