import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { pages, root } from '../test/pages';
import { examples } from './examples';

// Each TypeScript block of each page is compiled as a module of its own, where the names in
// `readers-own.d.ts` stand for what is the reader's.

interface Block {
  page: string;
  line: number;
  code: string;
}

/** What the reader's own compiler checks, in the project that the page describes. */
const checkedThere = new Set(
  examples()
    .filter(({ installs, files }) => installs.length > 0 && files.some(isCompilerSettings))
    .flatMap(({ files }) => files.map(({ text }) => text)),
);

function isCompilerSettings({ name }: { name: string }): boolean {
  return name === 'tsconfig.json';
}

function blocks(): Block[] {
  return pages().flatMap(({ path, text }) =>
    [...text.matchAll(/^```(?:ts|typescript)(?: \S+)?\n(.*?)^```/gms)]
      .filter((match) => !checkedThere.has(match[1]!))
      .map((match) => ({
        page: path,
        line: text.slice(0, match.index).split('\n').length + 1,
        code: match[1]!,
      })),
  );
}

test('every TypeScript block in the pages compiles', () => {
  const folders = new Set<string>();
  const byFile = new Map<string, Block>();
  for (const [index, block] of blocks().entries()) {
    // Beside the page, so that it may import what its package may.
    const home = block.page.includes('/') ? dirname(block.page) : 'docs';
    const folder = join(root, home, '.code-blocks');
    mkdirSync(folder, { recursive: true });
    folders.add(folder);
    const file = join(folder, `block-${index}.mts`);
    writeFileSync(file, `${block.code}\nexport {};\n`);
    byFile.set(file, block);
  }
  expect(byFile.size).toBeGreaterThan(5);

  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const program = ts.createProgram([...byFile.keys(), join(__dirname, 'readers-own.d.ts')], {
    ...options,
    composite: false,
    declaration: false,
    declarationMap: false,
    noEmit: true,
    experimentalDecorators: true,
    types: ['node', 'jest'],
    baseUrl: root,
    paths: { '@seamkit/*': ['packages/*/dist/index.d.ts'] },
    typeRoots: [join(root, 'node_modules/@types')],
  });
  const complaints = ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const block = byFile.get(diagnostic.file?.fileName ?? '');
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
    if (!block) return `${diagnostic.file?.fileName}: ${text}`;
    const { line } = diagnostic.file!.getLineAndCharacterOfPosition(diagnostic.start!);
    return `${block.page}:${block.line + line}: ${text}`;
  });
  expect(complaints).toEqual([]);
  for (const folder of folders) rmSync(folder, { recursive: true });
});
