import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../test/pages';
import { emptyFolder, type } from './shell';

// The diff of docs/migrating.md, put on a suite that was written for Testcontainers, which then runs.

const before = join(__dirname, 'migrated');
const [, diff] = /^```diff\n(.*?)^```/ms.exec(
  readFileSync(join(root, 'docs/migrating.md'), 'utf8'),
)!;

/** The file after the diff: its lines without a sign, and those with a plus. */
function moved(): string {
  const lines = diff!.trimEnd().split('\n');
  const kept = (sign: string) =>
    lines
      .filter((line) => !line.startsWith(sign))
      .map((line) => line.slice(1))
      .join('\n');
  const original = readFileSync(join(before, 'orders.test.ts.txt'), 'utf8');
  expect(original).toContain(kept('+'));
  // The last lines are not shown.
  return original.replace(kept('+'), kept('-'));
}

test('fewer than ten lines change', () => {
  expect(diff!.match(/^[-+]/gm)!.length).toBeLessThan(10);
});

const typescript = (name: string) => ({ [name]: moved() });
const config = { transform: { '\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.json' }] } };
const compilerOptions = { module: 'commonjs', esModuleInterop: true, isolatedModules: true };

const runners: Record<string, { files: Record<string, string>; command: string }> = {
  Jest: {
    files: {
      ...typescript('orders.test.ts'),
      'jest.config.json': JSON.stringify(config),
      'tsconfig.json': JSON.stringify({ compilerOptions }),
    },
    command: 'jest --config jest.config.json',
  },
  Vitest: { files: typescript('orders.test.ts'), command: 'vitest run --globals' },
  'node:test': {
    files: {
      'orders.mjs': transpiled(readFileSync(join(before, 'orders.ts.txt'), 'utf8')),
      'orders.test.mjs': transpiled(
        `import { after as afterAll, before as beforeAll, describe, test } from 'node:test';\n${moved()
          .replaceAll("'./orders')", "'./orders.mjs')")
          .replace('\nbeforeAll', "\ndescribe('orders', () => {\nbeforeAll")}\n});`,
      ),
    },
    command: 'node --test orders.test.mjs',
  },
};

test.each(Object.entries(runners))('%s', (name, { files, command }) => {
  const folder = emptyFolder(`migrated-${name.replace(':', '-')}`);
  const service = { 'orders.ts': readFileSync(join(before, 'orders.ts.txt'), 'utf8') };
  for (const [file, text] of Object.entries({ ...service, ...files })) {
    writeFileSync(join(folder, file), text);
  }
  const { status, stdout, stderr } = type(command, folder);
  expect([status, stdout + stderr]).toEqual([
    0,
    expect.stringMatching(/Tests:? +2 passed|pass 2\n/),
  ]);
  // Nothing to say: no client was ended, nothing was left.
  expect(stderr).not.toMatch(/seamkit/);
  rmSync(folder, { recursive: true });
});

function transpiled(text: string): string {
  const module = ts.ModuleKind.ESNext;
  const target = ts.ScriptTarget.ES2022;
  return ts.transpileModule(text, { compilerOptions: { module, target } }).outputText;
}
