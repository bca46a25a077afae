import { existsSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Example, examples, write } from '@seamkit/docs/examples';
import ts from 'typescript';
import { Project } from './stranger';

// The pages that say what to install, as a reader has them: npm chooses the versions, of today and
// for the Node that runs this; then a section's files are written and its commands typed.

const sections = examples().filter(({ installs }) => installs.length > 0);
let project: Project;

// One project for all: what takes the time is npm.
beforeAll(async () => {
  project = new Project();
  await project.add([...new Set(sections.flatMap(({ installs }) => installs))]);
}, 300_000);

afterAll(() => project.remove());

afterEach(() => {
  const stays = /^(node_modules|package(-lock)?\.json)$/;
  for (const name of readdirSync(project.folder).filter((name) => !stays.test(name))) {
    rmSync(join(project.folder, name), { recursive: true });
  }
});

// `prisma generate` looks for an engine that it does not use, and would download it.
const env = { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath };

test.each(sections.map((section) => [section.title, section] as const))(
  '%s',
  async (_, section) => {
    expect(unnamed(section, project.folder)).toEqual([]);
    expect(section.commands).not.toEqual([]);
    write(section, project.folder);
    // Jest and Vitest leave the types alone.
    const typed = section.files.some(({ name }) => name === 'tsconfig.json');
    for (const command of [...section.commands, ...(typed ? ['npx tsc --noEmit'] : [])]) {
      const output = await project.run(['sh', '-c', command], env).catch(async (error) => {
        throw new Error(`${error.message}\n${await project.run(['npm', 'ls', '--depth=0'])}`);
      });
      expect(output).not.toMatch(/Tests: +0|^# pass 0/m);
    }
  },
);

/** Packages that a section imports or runs, with the types that others keep for them, and installs nowhere. */
function unnamed({ files, commands, installs }: Example, folder: string): string[] {
  const modules = join(folder, 'node_modules');
  const programs = commands.flatMap((command) => /^npx (\S+)/.exec(command)?.[1] ?? []);
  const used = [
    ...programs.map((name) => realpathSync(join(modules, '.bin', name)).slice(modules.length + 1)),
    ...importsOf(files, /\.[cm]?[jt]s$/),
    ...importsOf(files, /\.[cm]?ts$/)
      .map((name) => `@types/${name}`)
      .filter((name) => existsSync(join(modules, name))),
  ];
  const named = installs.map(packageOf);
  return [...new Set(used.map(packageOf))].filter((name) => !named.includes(name));
}

/** What files with such names import of packages. */
function importsOf(files: Example['files'], names: RegExp): string[] {
  return files
    .filter(({ name }) => names.test(name))
    .flatMap(({ text }) => ts.preProcessFile(text, true, true).importedFiles)
    .map(({ fileName }) => fileName)
    .filter((name) => !/^(\.|node:)/.test(name));
}

/** `@a/b` of `@a/b/c` and of `@a/b@1`. */
function packageOf(path: string): string {
  return /^(@[^/]+\/)?[^/@]+/.exec(path)![0];
}
