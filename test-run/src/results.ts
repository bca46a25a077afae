import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What Jest ran for one task of one package: a file in `SEAMKIT_TEST_RESULTS`. */
export interface TestResult {
  package: string;
  passed: number;
  failed: number;
  /** The reason of each skipped test. */
  skipped: string[];
  ms: number;
  files: { path: string; ms: number }[];
}

export function writeResult(folder: string, name: string, result: TestResult): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(result));
}

/** All results of a folder; none where it was never made. */
export function readResults<R>(folder: string): R[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
}
