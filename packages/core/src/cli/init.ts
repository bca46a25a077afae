import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { SeamkitError } from '../errors';
import { spawn } from '../system/spawn';
import { recipes } from './first-tests';
import type { Recipe } from './first-tests/recipe';
import { Style } from './first-tests/style';
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
  const project = lookAtProject();
  const style = new Style(project);
  const tests = recipes.flatMap((recipe) => {
    const because = reasons(recipe, project);
    return because.length ? [firstTest(recipe, because, project, style)] : [];
  });
  const missing = [
    ...new Set(['@seamkit/core', ...tests.map(({ kit }) => `@seamkit/${kit}`)]),
  ].filter((name) => tests.length > 0 && !project.dependencies.has(name));
  const report: Report = {
    runner: project.runner,
    tests,
    missing,
    install: missing.length ? `${project.add} ${missing.join(' ')}` : null,
    installed: false,
    run: runCommand(project),
    unseen: unseen(project, tests),
  };
  if (install && report.install) {
    await execute(report.install);
    report.installed = true;
  }
  return { data: report, lines: render(report, project), failed: tests.length === 0 };
}

/** Those of the written files that the project's runner does not take for tests. */
function unseen({ folder, runner }: Project, tests: FirstTest[]): string[] {
  const seen = tests.length > 0 && listTests(folder, runner);
  if (!seen) return [];
  return tests.map(({ file }) => file.split(sep).join('/')).filter((file) => !seen.includes(file));
}

function reasons({ kit, clients }: Recipe, { folder, dependencies, fetches }: Project): string[] {
  const found = clients.filter(
    (name) => dependencies.has(name) && (name !== '@prisma/client' || prismaUsesPostgres(folder)),
  );
  return kit === 'http' && fetches ? [...found, 'fetch'] : found;
}

function prismaUsesPostgres(folder: string): boolean {
  try {
    return /provider\s*=\s*"postgres/.test(
      readFileSync(join(folder, 'prisma/schema.prisma'), 'utf8'),
    );
  } catch {
    return false;
  }
}

function firstTest(recipe: Recipe, because: string[], project: Project, style: Style): FirstTest {
  const { kit } = recipe;
  const { folder, suffix } = project.tests;
  const file = join(folder, `${kit}${suffix}.${project.extension}`);
  mkdirSync(join(project.folder, folder), { recursive: true });
  try {
    writeFileSync(join(project.folder, file), recipe.write(style, project), { flag: 'wx' });
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
      hint: 'the tests are written; fix what it says above, and install again',
    });
  const [code] = await once(child, 'close').catch((error) => {
    throw failed(`cannot be run: ${error.message}`);
  });
  if (code !== 0) throw failed(`ended with exit code ${code}`);
}

function render(
  { runner, tests, install, installed, run, unseen }: Report,
  { folder }: Project,
): string[] {
  if (tests.length === 0) {
    return [
      `${join(folder, 'package.json')} names no client that a kit is known for. Known are:`,
      ...columns(recipes.map(({ kit, clients }) => [`  ${kit}`, clients.join(', ')])),
      'Any kit can be used all the same: its README begins with a first test.',
    ];
  }
  const rows = tests.map(({ kit, because, file, written }) => [
    written ? paint('green', 'wrote') : 'kept',
    file,
    paint('dim', `${kit}, because of ${because.join(', ')}${written ? '' : '; it was there'}`),
  ]);
  const steps = [...(install && !installed ? [install] : []), run, 'npx seamkit doctor'];
  const settings = runner === 'jest' ? 'testMatch or testRegex' : 'include';
  return [
    ...columns(rows),
    ...unseen.map((file) => `${runner} does not run ${file}: add its name to ${settings}`),
    '',
    `Next (${runner === 'node:test' ? "Node's own test runner" : runner}):`,
    ...steps.map((step) => `  ${step}`),
    ...(existsSync(join(folder, 'node_modules')) || installed
      ? []
      : ['  (nothing is installed yet)']),
  ];
}
