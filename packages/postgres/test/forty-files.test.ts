import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keeperStatus } from '@seamkit/core/inspect';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-forty-')));
});
afterEach(async () => {
  const keeper = await keeperStatus(folder);
  if (keeper) process.kill(keeper.pid, 'SIGTERM');
  rmSync(folder, { recursive: true });
});

test('40 files under two workers start PostgreSQL once and run prepare once', async () => {
  mkdirSync(join(folder, 'test'));
  const load = (name: string) => `require(${JSON.stringify(require.resolve(name))})`;
  const dependencies = { '@seamkit/postgres': '*' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies }));
  mkdirSync(join(folder, 'node_modules/@seamkit'), { recursive: true });
  symlinkSync(join(__dirname, '..'), join(folder, 'node_modules/@seamkit/postgres'));
  for (let number = 1; number <= 40; number++) {
    writeFileSync(
      join(folder, 'test', `file-${number}.test.js`),
      `
      const { appendFileSync } = require('node:fs');
      const { use } = ${load('@seamkit/core')};
      const { postgres } = ${load('@seamkit/postgres')};
      const { Client } = ${load('pg')};

      async function migrate(url) {
        appendFileSync(${JSON.stringify(join(folder, 'prepared'))}, '.');
        const client = new Client(url);
        await client.connect();
        await client.query('create table visits (file integer)');
        await client.end();
      }

      const env = use({ db: postgres({ prepare: migrate }) });

      test('sees its own rows only', async () => {
        await env.db.query('insert into visits values (${number})');
        expect(await env.db.query('select file from visits')).toEqual([{ file: ${number} }]);
      });
      `,
    );
  }

  const { JEST_WORKER_ID: _, SEAMKIT_WORKSPACE: __, ...inherited } = process.env;
  // The keeper stays until it is looked at, however long the runner takes to end.
  const env = { ...inherited, SEAMKIT_LINGER: '60000' };
  const args = [
    require.resolve('jest/bin/jest'),
    '-w',
    '2',
    '--config',
    '{"transform":{},"testTimeout":60000}',
    '--rootDir',
    folder,
  ];
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { cwd: folder, env }, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
  expect(output).toMatch(/Tests:\s+40 passed, 40 total/);
  expect(readFileSync(join(folder, 'prepared'), 'utf8')).toBe('.');

  const status = (await keeperStatus(folder))!;
  expect(status.servers).toMatchObject([{ kit: 'postgres', templates: 1, sandboxes: 2 }]);
}, 240_000);
