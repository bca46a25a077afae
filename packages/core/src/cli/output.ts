import { styleText } from 'node:util';

/** What a command did: the same as data and as text, and whether something needs fixing. */
export interface Result {
  /** Printed by `--json`, as one object. */
  data: object;
  /** Printed else. */
  lines: readonly string[];
  /** Exit code 1. Default false. */
  failed?: boolean;
}

type Style = Parameters<typeof styleText>[0];

/** Styled where stdout is a terminal that shows it and `NO_COLOR` is not set. */
export function paint(style: Style, text: string): string {
  const { stdout } = process;
  return stdout.isTTY && stdout.hasColors() ? styleText(style, text) : text;
}

/** A line for whoever waits, on stderr: stdout has the result alone. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Rows with columns of equal width; empty columns are left out. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, index) => Math.max(widest[index] ?? 0, visible(cell).length)),
    [],
  );
  return rows.map((row) =>
    row
      .flatMap((cell, index) =>
        widths[index] ? cell + ' '.repeat(widths[index] - visible(cell).length) : [],
      )
      .join('  ')
      .trimEnd(),
  );
}

function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a style adds
  return text.replace(/\u001b\[\d+m/g, '');
}

/** `1.2 GB`, `35 MB`, `512 kB`. */
export function size(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e6) return `${Math.round(bytes / 1e6)} MB`;
  return `${Math.ceil(bytes / 1e3)} kB`;
}

/** `42 s`, `12 min`, `3 h`, `2 days`. */
export function duration(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes < 1) return `${Math.round(ms / 1000)} s`;
  if (minutes < 60) return `${Math.round(minutes)} min`;
  if (minutes < 48 * 60) return `${Math.round(minutes / 60)} h`;
  return `${Math.round(minutes / 60 / 24)} days`;
}
