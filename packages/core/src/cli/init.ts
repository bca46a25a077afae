import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { SeamkitError } from '../errors';
import { spawn } from '../system/spawn';
import { type KitForClients, kitsForClients } from './first-tests';
import { lookAtProject, type Project, type Runner, runCommand } from './init-project';
import { columns, paint, type Result, tell } from './output';
import { listTests } from './test-places';

interface FirstTest {
  kit: string;
  /** What in the project says so. */
  because: string[];
  file: string;
  /** False: the file is there already, and was left alone. */
  written: boolean;
}

interface Report {
  runner: Runner;
  tests: FirstTest[];
  /** What the tests need and the project does not have. */
  missing: string[];
  /** Adds it; null where nothing is missing. */
  install: string | null;
  installed: boolean;
  /** Runs the tests. */
  run: string;
  /** Files that the runner would leave out, by the project's own settings. */
  unseen: string[];
}

/** `seamkit init`: a first test for each system that the project talks to. Overwrites nothing. */
export async function init({ install = false }): Promise<Result> {
  const before = lookAtProject();
  const missing = missingIn(before);
  const command = missing.length ? `${before.add} ${missing.join(' ')}` : null;
  if (install && command) await execute(command);
  const project = install && command ? lookAtProject() : before;
  const tests = wantedBy(project).flatMap(({ kit, write, because }) =>
    write ? [firstTest(kit, because, () => write(project), project)] : [],
  );
  const report: Report = {
    runner: project.runner,
    tests,
    missing,
    install: command,
    installed: install && command !== null,
    run: runCommand(project),
    unseen: unseen(project, tests),
  };
  const known = tests.length > 0 || missing.length > 0;
  return { data: report, lines: known ? render(report) : nothing(project), failed: !known };
}

interface Wanted extends KitForClients {
  because: string[];
}

function wantedBy(project: Project): Wanted[] {
  return kitsForClients(project)
    .map((kit) => ({
      ...kit,
      because: kit.clients.filter((name) => project.dependencies.has(name)),
    }))
    .filter(({ because }) => because.length > 0);
}

function missingIn(project: Project): string[] {
  const wanted = wantedBy(project);
  const packages = wanted.map((kit) => kit.package);
  const absent = wanted.filter(({ write }) => !write).map((kit) => kit.package);
  const core = packages.length > 0 && !project.dependencies.has('@seamkit/core');
  return [...(core ? ['@seamkit/core'] : []), ...absent];
}

/** Those of the written files that the project's runner does not take for tests. */
function unseen({ folder, runner }: Project, tests: FirstTest[]): string[] {
  const seen = tests.length > 0 && listTests(folder, runner);
  if (!seen) return [];
  return tests.map(({ file }) => file.split(sep).join('/')).filter((file) => !seen.includes(file));
}

function firstTest(
  kit: string,
  because: string[],
  write: () => string,
  { folder, tests, extension }: Project,
): FirstTest {
  const file = join(tests.folder, `${kit}${tests.suffix}.${extension}`);
  mkdirSync(join(folder, tests.folder), { recursive: true });
  try {
    writeFileSync(join(folder, file), write(), { flag: 'wx' });
    return { kit, because, file, written: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return { kit, because, file, written: false };
  }
}

/** Its output goes to stderr. @throws SeamkitError `DOWNLOAD_FAILED` */
async function execute(command: string): Promise<void> {
  tell(command);
  const [program, ...args] = command.split(' ') as [string, ...string[]];
  const child = spawn(program, args, {
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  const failed = (how: string) =>
    new SeamkitError('DOWNLOAD_FAILED', `${command} ${how}`, {
      hint: 'fix what it says above, then run this again',
    });
  const [code] = await once(child, 'close').catch((error) => {
    throw failed(`cannot be run: ${error.message}`);
  });
  if (code !== 0) throw failed(`ended with exit code ${code}`);
}

function nothing(project: Project): string[] {
  return [
    `${join(project.folder, 'package.json')} names no client that a kit is known for. Known are:`,
    ...columns(kitsForClients(project).map(({ kit, clients }) => [`  ${kit}`, clients.join(', ')])),
    'Any kit can be used all the same: its README begins with a first test.',
  ];
}

function render({ runner, tests, install, installed, run, unseen }: Report): string[] {
  const rows = tests.map(({ kit, because, file, written }) => [
    written ? paint('green', 'wrote') : 'kept',
    file,
    paint('dim', `${kit}, because of ${because.join(', ')}${written ? '' : '; it was there'}`),
  ]);
  const settings = runner === 'jest' ? 'testMatch or testRegex' : 'include';
  const again = 'npx seamkit init   (writes a first test for each kit that is new)';
  const steps = [
    ...(install && !installed ? [install, again] : []),
    ...(tests.length ? [run] : []),
    'npx seamkit doctor',
  ];
  return [
    ...columns(rows),
    ...unseen.map((file) => `${runner} does not run ${file}: add its name to ${settings}`),
    ...(rows.length ? [''] : []),
    `Next (${runner === 'node:test' ? "Node's own test runner" : runner}):`,
    ...steps.map((step) => `  ${step}`),
  ];
}
