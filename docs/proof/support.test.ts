import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Capability, capabilities, type Result } from '@seamkit/conformance';
import type { Boundary, Supports } from '@seamkit/core';
import { root } from '../test/pages';

// docs/support.md is what the conformance suites have told. To write it anew:
//   SEAMKIT_CONFORMANCE_RESULTS=/tmp/results npx -y pnpm@10 test:all
//   SEAMKIT_CONFORMANCE_RESULTS=/tmp/results npx -y pnpm@10 --filter @seamkit/docs support

const page = join(root, 'docs/support.md');
const table = /(?<=<!-- kit × runtime × capability -->\n\n).*?(?=\n\n)/s;
const columns = Object.keys(capabilities) as Capability[];

/** Kit and runtime, and what each column says of them. */
type Row = [kit: string, runtime: string, ...cells: string[]];

const kits = readdirSync(join(root, 'packages'))
  .map((folder) => JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8')))
  .filter((manifest) => manifest.seamkit && !manifest.private)
  .map(({ name, seamkit }) => (require(name)[seamkit.kit] as () => Boundary<object>)().kit);

function runtimesOf({ runtimes }: Supports): string[] {
  return runtimes.length > 0 ? [...runtimes] : ['local'];
}

function resultOf(kit: string, runtime: string): Result | undefined {
  const folder = process.env.SEAMKIT_CONFORMANCE_RESULTS;
  const file = join(folder ?? '', `${kit}-${runtime}.json`);
  if (!folder || !existsSync(file)) return undefined;
  const result: Result = JSON.parse(readFileSync(file, 'utf8'));
  return result.missing ? undefined : result;
}

function rowOf({ kit, runtime, shown }: Result): Row {
  return [kit, runtime, ...columns.map((column) => (shown.includes(column) ? '✓' : '–'))];
}

function read(): Row[] {
  const [, , ...lines] = readFileSync(page, 'utf8').match(table)![0].split('\n');
  return lines.map(
    (line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()) as Row,
  );
}

function render(rows: Row[]): string {
  const lines = [['kit', 'runtime', ...columns], ...rows];
  const widths = lines[0]!.map((_, index) => Math.max(...lines.map((line) => line[index]!.length)));
  const [head, ...body] = lines.map(
    (line) => `| ${line.map((cell, index) => cell.padEnd(widths[index]!)).join(' | ')} |`,
  );
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n');
}

const promised = kits.flatMap(({ name, supports }) =>
  runtimesOf(supports).map((runtime) => ({ kit: name, runtime, prepare: supports.prepare })),
);

if (process.env.UPDATE_SUPPORT) {
  test('docs/support.md is written; what was not run stays as it is', () => {
    const before = read();
    const rows = promised.map(({ kit, runtime }): Row => {
      const result = resultOf(kit, runtime);
      expect(result?.failed ?? []).toEqual([]);
      return (
        (result && rowOf(result)) ??
        before.find((row) => row[0] === kit && row[1] === runtime) ?? [
          kit,
          runtime,
          ...columns.map(() => '?'),
        ]
      );
    });
    writeFileSync(page, readFileSync(page, 'utf8').replace(table, render(rows)));
  });
} else {
  test('there is a row for each kit on each runtime that it supports, and no other', () => {
    const rows = read().map(([kit, runtime]) => `${kit} ${runtime}`);
    expect(rows.sort()).toEqual(promised.map(({ kit, runtime }) => `${kit} ${runtime}`).sort());
  });

  test('a prepared baseline is ticked exactly where the kit promises it', () => {
    for (const [kit, runtime, ...cells] of read()) {
      const { prepare } = promised.find((one) => one.kit === kit && one.runtime === runtime)!;
      const told = cells[columns.indexOf('prepare')];
      if (told !== '?') expect([kit, runtime, told]).toEqual([kit, runtime, prepare ? '✓' : '–']);
    }
  });

  test('what the suites have told just now is what the page says', () => {
    for (const row of read()) {
      const [kit, runtime] = row;
      const result = resultOf(kit, runtime);
      // A suite that failed has said so itself.
      if (result && result.failed.length === 0) expect(row).toEqual(rowOf(result));
    }
  });

  test('each capability is explained', () => {
    const text = readFileSync(page, 'utf8');
    for (const [name, meaning] of Object.entries(capabilities)) {
      expect(text.replace(/\s+/g, ' ')).toContain(`**${name}**: ${meaning}`);
    }
  });
}
