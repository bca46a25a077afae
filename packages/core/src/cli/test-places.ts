import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, sep } from 'node:path';
import { foreign } from '../system/owner';

/** ms; a runner that reads a large project takes some seconds. */
const patience = 60_000;

const usualFolders = ['test', 'tests', '__tests__'];

/** Where test files of a project go, and what their names end with. */
export interface TestPlace {
  /** Relative: `test/integration`. */
  folder: string;
  /** `.test`, `.spec`; nothing where the folder alone makes a file a test. */
  suffix: string;
}

/**
 * Beside the tests that the project's runner finds, with names like theirs; where it finds none, in
 * `test/integration`.
 */
export function testPlace(folder: string, found: readonly string[]): TestPlace {
  const usual = usualFolders.find((name) => existsSync(join(folder, name))) ?? 'test';
  if (found.length === 0) return { folder: join(usual, 'integration'), suffix: '.test' };
  const own = found.map((file) => dirname(file)).find((name) => /(^|\/)integration$/.test(name));
  const tops = found.map((file) => file.split('/')[0]!).filter((top) => !top.includes('.'));
  const top = tops.find((name) => usualFolders.includes(name)) ?? mostFrequent(tops) ?? '';
  return {
    folder: own ?? join(top, 'integration'),
    suffix: mostFrequent(found.map(suffixOf)) ?? '.test',
  };
}

/** `.e2e-spec` of `test/app.e2e-spec.ts`. */
function suffixOf(file: string): string {
  return /\.[\w-]+(?=\.[cm]?[jt]sx?$)/.exec(basename(file))?.[0] ?? '';
}

function mostFrequent(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/**
 * The test files that Jest or Vitest, with the project's own settings, would run; relative, with `/`.
 * Undefined where the runner is not installed or cannot tell.
 */
export function listTests(folder: string, runner: string): string[] | undefined {
  const list = lists[runner];
  if (!list) return undefined;
  let program: string;
  try {
    const manifest = createRequire(join(folder, 'package.json')).resolve(`${runner}/package.json`);
    program = join(dirname(manifest), list.program);
  } catch {
    return undefined;
  }
  if (foreign(program)) return undefined;
  const { stdout, status } = spawnSync(process.execPath, [program, ...list.args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: patience,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (status !== 0) return undefined;
  try {
    const files = (JSON.parse(stdout) as (string | { file: string })[]).map((entry) =>
      typeof entry === 'string' ? entry : entry.file,
    );
    const root = realpathSync(folder);
    return files.map((file) => relative(root, file).split(sep).join('/'));
  } catch {
    return undefined; // a runner of another age
  }
}

const lists: Record<string, { program: string; args: string[] }> = {
  jest: { program: 'bin/jest.js', args: ['--listTests', '--json'] },
  vitest: { program: 'vitest.mjs', args: ['list', '--filesOnly', '--json'] },
};
