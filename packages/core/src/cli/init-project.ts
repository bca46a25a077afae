import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeamkitError } from '../errors';
import type { ProjectFacts } from '../first-test';
import { refuseForeign } from '../system/owner';
import { listTests, type TestPlace, testPlace } from './test-places';

export type Runner = ProjectFacts['runner'];

/** A project as `seamkit init` finds it. */
export interface Project extends ProjectFacts {
  folder: string;
  /** Extension of a test file: `ts`, `js`, `cjs`, … */
  extension: string;
  /** Where the tests go, and how their names end. */
  tests: TestPlace;
  /** What adds development dependencies here. */
  add: string;
}

/** A glimpse is enough. */
const filesToRead = 500;

interface Manifest {
  type?: string;
  scripts?: Record<string, string>;
}

const transformsTypes = ['ts-jest', '@swc/jest', 'esbuild-jest', '@babel/preset-typescript'];
const sourceFolders = ['src', 'lib', 'app', 'server'];
const migrationFolders = [
  'prisma/migrations',
  'drizzle',
  'drizzle/migrations',
  'db/migrations',
  'database/migrations',
  'migrations',
  'sql/migrations',
];

/**
 * @throws SeamkitError `OPTION_INVALID` where there is no package.json, `FOLDER_UNUSABLE` where it is
 * another user's
 */
export function lookAtProject(folder = process.cwd()): Project {
  const manifest = readManifest(folder);
  const dependencies = new Set<string>(
    ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'].flatMap(
      (kind) => Object.keys((manifest as Record<string, object>)[kind] ?? {}),
    ),
  );
  if (sourceFolders.some((name) => callsFetch(join(folder, name)))) dependencies.add('fetch');
  const provider = prismaProvider(folder);
  if (provider) dependencies.add(`prisma:${provider}`);
  const runner = findRunner(dependencies, manifest.scripts?.test ?? '');
  const typed = dependencies.has('typescript') || existsSync(join(folder, 'tsconfig.json'));
  const language = typed && runsTypes(runner, dependencies) ? 'ts' : 'js';
  const esm = manifest.type === 'module';
  // Jest transforms no ES modules, unless Node is told to let it.
  const jestEsm = JSON.stringify(manifest.scripts ?? {}).includes('--experimental-vm-modules');
  const commonJs = runner === 'jest' ? !(esm && jestEsm) : !esm && runner !== 'vitest';
  const module = language === 'ts' || !commonJs ? 'esm' : 'cjs';
  return {
    folder,
    dependencies,
    runner,
    language,
    module,
    extension: extensionOf(language, module, esm),
    tests: testPlace(folder, listTests(folder, runner) ?? []),
    add: addCommand(folder),
    migrations: migrationFolders.find((name) => holdsSql(join(folder, name))),
  };
}

/** Runs the test files below a folder. */
export function runCommand({ runner, language, dependencies, tests, extension }: Project): string {
  const { folder, suffix } = tests;
  if (runner === 'jest') return `npx jest ${folder}`;
  if (runner === 'vitest') return `npx vitest run ${folder}`;
  const loader = language === 'ts' && dependencies.has('tsx') ? '--import tsx ' : '';
  return `node ${loader}--test ${folder}/*${suffix}.${extension}`;
}

function readManifest(folder: string): Manifest {
  const manifest = join(folder, 'package.json');
  refuseForeign([folder, manifest]);
  try {
    return JSON.parse(readFileSync(manifest, 'utf8'));
  } catch (cause) {
    throw new SeamkitError('OPTION_INVALID', `there is no readable package.json in ${folder}`, {
      hint: "run this in your project's folder; for a new one: npm init -y",
      cause,
    });
  }
}

/** The one that the test script calls, else the one that is installed, else Node's own. */
function findRunner(dependencies: ReadonlySet<string>, script: string): Runner {
  const installed = (['vitest', 'jest'] as const).filter((name) => dependencies.has(name));
  const called = installed.find((name) => script.includes(name));
  if (called) return called;
  return /\bnode\b.*--test\b/.test(script) ? 'node:test' : (installed[0] ?? 'node:test');
}

function runsTypes(runner: Runner, dependencies: ReadonlySet<string>): boolean {
  if (runner === 'vitest') return true;
  if (runner === 'jest') return transformsTypes.some((name) => dependencies.has(name));
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
  return dependencies.has('tsx') || major > 22 || (major === 22 && minor >= 18);
}

/** `.cjs` and `.mjs` where the package says the other. */
function extensionOf(language: 'ts' | 'js', module: 'esm' | 'cjs', esm: boolean): string {
  if (language === 'ts') return 'ts';
  if (module === 'cjs') return esm ? 'cjs' : 'js';
  return esm ? 'js' : 'mjs';
}

function addCommand(folder: string): string {
  const has = (name: string) => existsSync(join(folder, name));
  if (has('pnpm-lock.yaml') || has('../../pnpm-lock.yaml')) return 'pnpm add --save-dev';
  if (has('yarn.lock')) return 'yarn add --dev';
  if (has('bun.lock') || has('bun.lockb')) return 'bun add --dev';
  return 'npm install --save-dev';
}

/** SQL files in it, or in the folders below, as Prisma has them. */
function holdsSql(folder: string): boolean {
  if (!existsSync(folder)) return false;
  return readdirSync(folder, { withFileTypes: true }).some((entry) =>
    entry.isDirectory()
      ? readdirSync(join(folder, entry.name)).some((name) => name.endsWith('.sql'))
      : entry.name.endsWith('.sql'),
  );
}

function prismaProvider(folder: string): string | undefined {
  try {
    const schema = readFileSync(join(folder, 'prisma/schema.prisma'), 'utf8');
    return /^\s*datasource\b[^}]*\bprovider\s*=\s*"(\w+)"/ms.exec(schema)?.[1];
  } catch {
    return undefined;
  }
}

function callsFetch(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[cm]?[jt]sx?$/.test(name) && !name.includes('node_modules'))
    .slice(0, filesToRead);
  return files.some((name) => /\bfetch\(/.test(readFileSync(join(folder, name), 'utf8')));
}
