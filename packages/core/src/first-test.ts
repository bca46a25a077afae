/**
 * `@seamkit/core/first-test`: what a kit needs to write the first test of a project, for
 * `seamkit init`. Its package.json names the module that exports a `FirstTest` as `firstTest`:
 *
 * ```json
 * { "seamkit": { "kit": "redis", "clients": ["ioredis"], "firstTest": "dist/first-test.js" } }
 * ```
 */

/** What a project is made with, as far as its tests are concerned. */
export interface ProjectFacts {
  /**
   * Every dependency, by name; `fetch` where the project's own code calls it; and
   * `prisma:postgresql`, or another provider, where its Prisma schema names it.
   */
  dependencies: ReadonlySet<string>;
  runner: 'jest' | 'vitest' | 'node:test';
  language: 'ts' | 'js';
  /** How its test files are written; TypeScript is written with `import` either way. */
  module: 'esm' | 'cjs';
  /** A folder of SQL migrations, relative. */
  migrations?: string;
}

/** A whole test file, which runs as it is in that project. */
export type FirstTest = (style: Style, project: ProjectFacts) => string;

/** A file's import: `import { names } from 'from'`. */
export interface Import {
  from: string;
  names: readonly string[];
}

/** How code is written in a project's tests. */
export class Style {
  constructor(
    private readonly project: ProjectFacts,
    private readonly kit: { package: string; factory: string },
  ) {}

  /** A whole test file: these imports, those of the kit, of core and of the runner, and the body. */
  file(imports: readonly Import[], body: string): string {
    const ours = [
      { from: '@seamkit/core', names: ['use'] },
      { from: this.kit.package, names: [this.kit.factory] },
    ];
    const all = [...ours, ...imports, ...this.runner()].sort((a, b) =>
      a.from.localeCompare(b.from),
    );
    const lines = all.map(({ from, names }) => {
      const list = `{ ${names.join(', ')} }`;
      return this.project.module === 'esm'
        ? `import ${list} from '${from}';`
        : `const ${list} = require('${from}');`;
    });
    return `${lines.join('\n')}\n\n${body.trim()}\n`;
  }

  /** A statement that two values are the same. */
  equal(actual: string, expected: string): string {
    return this.project.runner === 'node:test'
      ? `deepEqual(${actual}, ${expected});`
      : `expect(${actual}).toEqual(${expected});`;
  }

  /** Lines of a test's body. */
  indent(lines: string): string {
    return lines.replace(/^(?=.)/gm, '  ');
  }

  private runner(): Import[] {
    const { runner, language, dependencies } = this.project;
    if (runner === 'vitest') return [{ from: 'vitest', names: ['expect', 'test'] }];
    if (runner === 'node:test') {
      return [
        { from: 'node:assert/strict', names: ['deepEqual'] },
        { from: 'node:test', names: ['test'] },
      ];
    }
    const untyped = language === 'ts' && !dependencies.has('@types/jest');
    return untyped ? [{ from: '@jest/globals', names: ['expect', 'test'] }] : [];
  }
}
