import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './plan';
import { readResults, type TestResult } from './results';

const runtimes = ['process', 'container', 'external', 'local'];

/** What a conformance suite left in `SEAMKIT_CONFORMANCE_RESULTS`. */
interface SuiteResult {
  kit: string;
  runtime: string;
  passed: string[];
  failed: string[];
  missing?: string;
}

/** A whole run. */
export interface Run {
  /** The folders with the results of Jest and of the conformance suites. */
  tests: string;
  conformance: string;
  /** All of it, and the build. */
  ms: number;
  buildMs: number;
}

/** The end of a run, in a few lines: what ran, what was skipped and why, where the time went. */
export function summary({ tests, conformance, ms, buildMs }: Run): string[] {
  const results = readResults<TestResult>(tests);
  const suites = readResults<SuiteResult>(conformance)
    // The conformance suite's own tests run kits of their own.
    .filter(({ kit }) => existsSync(join(root, 'packages', kit)));
  const sum = (key: 'passed' | 'failed') => results.reduce((all, result) => all + result[key], 0);
  const packages = new Set(results.map((result) => result.package)).size;
  const skipped = results.flatMap((result) => result.skipped);
  const lines = [
    [
      'Ran',
      `${count(packages, 'package')}: ${sum('passed')} passed, ${sum('failed')} failed, ${skipped.length} skipped`,
    ],
    ['Conformance', conformanceLine(suites)],
    ...reasons(skipped, suites).map((line) => ['Skipped', line]),
    ['Time', `${duration(ms)}, of which ${duration(buildMs)} to build; ${longest(results)}`],
  ] as [string, string][];
  return lines.map(([title, text], index) => {
    const again = lines[index - 1]?.[0] === title;
    return `${(again ? '' : title).padEnd('Conformance'.length)}  ${text}`;
  });
}

function conformanceLine(suites: SuiteResult[]): string {
  const parts = runtimes.flatMap((runtime) => {
    const here = suites.filter((suite) => suite.runtime === runtime && !suite.missing);
    const cases = (key: 'passed' | 'failed') =>
      here.reduce((all, suite) => all + suite[key].length, 0);
    const failed = cases('failed') ? ` and ${cases('failed')} failed` : '';
    return here.length
      ? [`${runtime} ${cases('passed')}${failed} (${count(here.length, 'kit')})`]
      : [];
  });
  return parts.length ? `cases passed: ${parts.join(', ')}` : 'no suite ran';
}

/** Each reason, after what it kept from running. */
function reasons(skipped: string[], suites: SuiteResult[]): string[] {
  const kept = new Map<string, { tests: number; suites: string[] }>();
  const of = (reason: string) => {
    const found = kept.get(reason) ?? { tests: 0, suites: [] };
    kept.set(reason, found);
    return found;
  };
  for (const reason of skipped) of(reason).tests++;
  for (const { kit, runtime, missing } of suites) {
    if (missing) of(`conformance on ${runtime}: ${inShort(kit, missing)}`).suites.push(kit);
  }
  return [...kept].map(([reason, { tests, suites: kits }]) => {
    const what = [...(tests ? [count(tests, 'test')] : []), ...kits];
    return `${what.join(', ')}: ${reason}`;
  });
}

/** What an error's list says was tried, else its first line, less what is said of one kit. */
function inShort(kit: string, missing: string): string {
  const tried = [...missing.matchAll(/^ {2}- (.+)$/gm)].map(([, line]) => line!);
  return (tried.length ? tried.join('; ') : missing.split('\n', 1)[0]!).replace(`${kit}: `, '');
}

function longest(results: TestResult[]): string {
  const packages = [...results]
    .sort((a, b) => b.ms - a.ms)
    .slice(0, 6)
    .map((result) => `${result.package} ${duration(result.ms)}`);
  const [file] = results
    .flatMap((result) =>
      result.files.map(({ path, ms }) => ({ path: `${result.package}/${path}`, ms })),
    )
    .sort((a, b) => b.ms - a.ms);
  const slowest = file ? `; the slowest file: ${file.path} ${duration(file.ms)}` : '';
  return `longest: ${packages.join(', ')}${slowest}`;
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
