import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { root } from './pages';

// The arrows of docs/architecture.md: demo's tests → kits → core, conformance → core's inspection.

interface Import {
  file: string;
  target: string;
}

/** What the sources below a folder import or require, types too. */
function importsBelow(folder: string): Import[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[cm]?[jt]s$/.test(name))
    .map((name) => join(folder, name))
    .flatMap((file) =>
      ts
        .preProcessFile(readFileSync(join(root, file), 'utf8'), true, true)
        .importedFiles.map(({ fileName: target }) => ({ file, target })),
    );
}

const written = readdirSync(join(root, 'packages'));
const kits = written.filter((name) => !['core', 'conformance'].includes(name));

/** Imports of other packages of ours, and ways into their folders. */
function ofOurs(home: string): Import[] {
  const own = dirname(home);
  return importsBelow(home).filter(
    ({ file, target }) =>
      target.startsWith('@seamkit/') ||
      (target.startsWith('.') && relative(own, join(dirname(file), target)).startsWith('..')),
  );
}

test('core imports no kit, and not the conformance suite', () => {
  expect(ofOurs('packages/core/src')).toEqual([]);
});

/** Core's rooms: each may use those that its line names, its own, and the files beside them. */
const mayUse: Record<string, string[]> = {
  system: [],
  project: ['system'],
  program: ['system'],
  protocol: ['system', 'project'],
  runtime: ['system', 'program', 'protocol'],
  keeper: ['system', 'project', 'protocol', 'runtime'],
  'test-process': ['system', 'project', 'protocol'],
  cli: ['system', 'project', 'program', 'protocol', 'runtime', 'keeper', 'test-process'],
};

const coreFolder = 'packages/core/src';
const roomOf = (path: string) => relative(join(root, coreFolder), join(root, path)).split('/');

test("core's rooms use each other in one direction", () => {
  const rooms = readdirSync(join(root, coreFolder), { withFileTypes: true });
  expect(rooms.flatMap((one) => (one.isDirectory() ? [one.name] : [])).sort()).toEqual(
    Object.keys(mayUse).sort(),
  );
  const against = importsBelow(coreFolder).filter(({ file, target }) => {
    const [from, inRoom] = roomOf(file);
    const [to, deeper] = roomOf(join(dirname(file), target));
    if (!inRoom || !target.startsWith('.') || !deeper || to === '..') return false;
    return from !== to && !mayUse[from!]!.includes(to!);
  });
  expect(against).toEqual([]);
});

test("what stands beside core's rooms uses none of them, but for what the package exports", () => {
  const exported = ['index.ts', 'inspect.ts', 'jest-reporter.ts'];
  const into = importsBelow(coreFolder).filter(({ file, target }) => {
    const [name, inRoom] = roomOf(file);
    if (inRoom || exported.includes(name!) || !target.startsWith('.')) return false;
    const [to, deeper] = roomOf(join(dirname(file), target));
    return deeper !== undefined && to !== '..';
  });
  expect(into).toEqual([]);
});

test('the conformance suite imports core only', () => {
  const others = ofOurs('packages/conformance/src').filter(
    ({ target }) => !/^@seamkit\/core(\/inspect)?$/.test(target),
  );
  expect(others).toEqual([]);
});

test.each(kits)('the kit %s imports core only', (kit) => {
  const targets = ofOurs(`packages/${kit}/src`);
  const others = targets.filter(({ target }) => !/^@seamkit\/core(\/first-test)?$/.test(target));
  expect(others).toEqual([]);
  expect(targets).not.toEqual([]);
});

test.each(kits)(
  'the kit %s has the rooms of every kit, and nothing of its own leads back to kit.ts',
  (kit) => {
    const home = `packages/${kit}/src`;
    const rooms = ['index', 'kit', 'members', 'options', 'sandbox'].map((name) => `${name}.ts`);
    expect(readdirSync(join(root, home))).toEqual(expect.arrayContaining(rooms));
    const back = importsBelow(home).filter(({ target }) => /^\.\.?\/(.*\/)?kit$/.test(target));
    // The keeper's server module names the kit that sweeps, by a require of its own.
    const allowed = [`${home}/index.ts`, `${home}/server.ts`];
    expect(back.filter(({ file }) => !allowed.includes(file))).toEqual([]);
  },
);

test('tests import a package by its name, or what is inside their own from dist', () => {
  const homes = ['packages', ''].flatMap((above) =>
    readdirSync(join(root, above), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? ['test', 'proof'].map((name) => join(above, entry.name, name)) : [],
    ),
  );
  const tests = homes.filter((home) => existsSync(join(root, home)));
  const into = tests.flatMap((home) =>
    importsBelow(home).filter(({ file, target }) => {
      // The tiny kit and the projects of core's tests serve others; a package of theirs would be a circle.
      if (!target.startsWith('.') || /\/core\/test\/(shelf|project)/.test(target)) return false;
      const from = relative(dirname(home), join(dirname(file), target)).split('/');
      return from[0] === '..' || (from[0] === 'src' && home.startsWith('packages/'));
    }),
  );
  expect(tests.length).toBeGreaterThan(10);
  expect(into).toEqual([]);
});

test('the demo’s application knows nothing of Seamkit', () => {
  const own = importsBelow('apps/demo/src');
  expect(own.length).toBeGreaterThan(10);
  expect(own.filter(({ target }) => target.startsWith('@seamkit/'))).toEqual([]);
});

const servers = kits.filter((kit) => existsSync(join(root, `packages/${kit}/src/server.ts`)));

/** What is loaded with a kit's server module. */
function loadedBy(kit: string): string[] {
  const script = `require(process.argv[1]); console.log(JSON.stringify(Object.keys(require.cache)))`;
  const module = join(root, `packages/${kit}/dist/server.js`);
  const output = execFileSync(process.execPath, ['-e', script, module], { encoding: 'utf8' });
  return (JSON.parse(output) as string[]).map((path) => relative(root, path));
}

test.each(servers)('what the keeper loads of %s is its own files and core, no client', (kit) => {
  const homes = [`packages/${kit}/dist/`, 'packages/core/'];
  const foreign = loadedBy(kit).filter((path) => !homes.some((home) => path.startsWith(home)));
  expect(foreign).toEqual([]);
});

const reads = /^(access|exists|lstat|opendir|read\w*|realpath|stat|statfs)(Sync)?$/;

test.each(servers)('what the keeper loads of %s writes by ctx.file only', (kit) => {
  const home = `packages/${kit}/dist/`;
  const files = loadedBy(kit).filter((path) => path.startsWith(home));
  const writes = files.flatMap((path) =>
    writesOf(path.replace('/dist/', '/src/').replace(/js$/, 'ts')),
  );
  expect(writes).toEqual([]);
});

/** The functions of `node:fs` that a source imports and that do more than read. */
function writesOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  return source.statements.filter(ts.isImportDeclaration).flatMap((statement) => {
    const { importClause, moduleSpecifier } = statement;
    if (!/^(node:)?fs(\/promises)?$/.test((moduleSpecifier as ts.StringLiteral).text)) return [];
    const named = importClause?.namedBindings;
    if (!named || !ts.isNamedImports(named)) return [`${file}: all of fs`];
    return named.elements
      .map(({ name, propertyName }) => (propertyName ?? name).text)
      .filter((name) => !reads.test(name))
      .map((name) => `${file}: ${name}`);
  });
}
