import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from '../test/pages';
import { examples, write } from './examples';

// What a reader would do: write the section's files, type its commands.

const env = {
  ...process.env,
  PATH: [
    join(root, 'docs/node_modules/.bin'),
    join(root, 'node_modules/.bin'),
    process.env.PATH,
  ].join(delimiter),
  NO_COLOR: '1',
  // `prisma generate` looks for engines that it does not use here, and would download them.
  PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
  PRISMA_QUERY_ENGINE_LIBRARY: process.execPath,
  ...Object.fromEntries(
    ['JEST_WORKER_ID', 'NODE_ENV', 'NODE_TEST_CONTEXT', 'VITEST'].map((name) => [name, undefined]),
  ),
};

/** The runners' own 5 s for a test are for the reader's machine, which has nothing else to do. */
const patient = (command: string) =>
  /^npx (jest|vitest)/.test(command) ? `${command} --testTimeout=60000` : command;

test.each(examples().map((example) => [example.title, example] as const))('%s', (_, example) => {
  const folder = write(example);
  expect(example.commands).not.toEqual([]);
  for (const command of example.commands) {
    const { status, stdout, stderr } = spawnSync(patient(command).replace(/^npx /, ''), {
      cwd: folder,
      env,
      shell: true,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stdout}${stderr}`);
    expect(stdout + stderr).not.toMatch(/Tests: +0|^# pass 0/m);
  }
  rmSync(folder, { recursive: true });
});
