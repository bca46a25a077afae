/** ms that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** What is measured, and what it is measured against, in the same run. */
export interface Comparison {
  what: string;
  ms: number;
  against: string;
  base: number;
  /** The ratio that was promised, to stay below. */
  target: number;
}

/** Prints ratios beside their targets. Sets no exit code: machines are too noisy for that. */
export function report(title: string, comparisons: readonly Comparison[]): void {
  const rows = comparisons.map(({ what, ms, against, base, target }) => [
    what,
    `${ms.toFixed(2)} ms`,
    against,
    `${base.toFixed(2)} ms`,
    `${(ms / base).toFixed(2)} x`,
    `<= ${target} x`,
    ms / base <= target ? 'met' : 'MISSED',
  ]);
  const all = [['what', 'median', 'against', 'median', 'ratio', 'target', ''], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  console.log(`\n${title}`);
  for (const row of all) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
  }
}
