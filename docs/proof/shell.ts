import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from '../test/pages';

const programs = ['docs/.examples', 'docs', ''].map((home) =>
  join(root, home, 'node_modules/.bin'),
);
/** What a runner tells its workers is not for those that a test starts. */
const runners = ['JEST_WORKER_ID', 'NODE_ENV', 'NODE_TEST_CONTEXT', 'VITEST', 'DATABASE_URL'];

/** An empty folder, from where the pages' packages are found. */
export function emptyFolder(name: string): string {
  const folder = join(root, 'docs/.examples', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{}');
  return folder;
}

/** Types a command in a folder, with the programs of this workspace. Returns once it has ended. */
export function type(command: string, cwd: string, more: Record<string, string> = {}) {
  return spawnSync(command.replace(/^npx /, ''), {
    cwd,
    env: {
      ...process.env,
      ...Object.fromEntries(runners.map((name) => [name, undefined])),
      PATH: [...programs, process.env.PATH].join(delimiter),
      NO_COLOR: '1',
      ...more,
    },
    shell: true,
    encoding: 'utf8',
  });
}
