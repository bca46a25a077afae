import type { Project } from '../init-project';

/** A file's import: `import { names } from 'from'`. */
export interface Import {
  from: string;
  names: readonly string[];
}

/** How code is written in a project's tests. */
export class Style {
  constructor(private readonly project: Project) {}

  /** A whole test file. */
  file(imports: readonly Import[], body: string): string {
    const all = [...imports, ...this.runner()].sort((a, b) => a.from.localeCompare(b.from));
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
