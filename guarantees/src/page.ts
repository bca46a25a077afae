import { absent, type Cell, causes, notOn, type Row, rows, runtimes, victims } from './cells';
import type { Measured } from './measured';
import { runnerNames, runners } from './runners';

const columns = runtimes.flatMap((runtime) =>
  runnerNames.map((runner) => ({ runtime, runner, title: `${runtime}, ${runners[runner].title}` })),
);

/** The table's rows, the way `measured` fills them. */
export function table(measured: readonly Measured[]): string[][] {
  const header = ['who dies', 'of what', ...columns.map(({ title }) => title)];
  const body = rows.map((row) => [
    victims[row.victim],
    causes[row.cause],
    ...columns.map(({ runtime, runner }) => time({ ...row, runtime, runner }, measured)),
  ]);
  return [header, ...body];
}

/** Pairs without a row, with the reasons. */
export function absences(): string[][] {
  const body = absent.map(({ victims: who, cause, why }) => [
    who.map((victim) => victims[victim]).join(', '),
    causes[cause],
    why,
  ]);
  return [['who', 'of what', 'why there is no row'], ...body];
}

/** A table in Markdown, its columns aligned. */
export function markdown(cells: readonly string[][]): string {
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const rule = widths.map((width) => '-'.repeat(width));
  return [cells[0]!, rule, ...cells.slice(1)].map(line).join('\n');
}

function time(cell: Cell, measured: readonly Measured[]): string {
  if (notOn(cell.runtime, cell as Row)) return '–';
  const found = measured.find(
    ({ victim, cause, runtime, runner }) =>
      victim === cell.victim &&
      cause === cell.cause &&
      runtime === cell.runtime &&
      runner === cell.runner,
  );
  return found ? `${(found.gone / 1000).toFixed(1)} s` : 'not measured';
}
