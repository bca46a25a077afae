import { realpathSync } from 'node:fs';
import { runShort } from '../system/short-program';

const patience = 10_000;

interface WantedVersion {
  version?: string;
  oldest?: string;
}

/** Whether `version` is what was asked for: '7.2' takes 7.2.1, but not 7.20. */
export function matches(version: string, wanted: string | undefined): boolean {
  return wanted === undefined || version === wanted || version.startsWith(`${wanted}.`);
}

/** Whether a version is one that the program's search wants. */
export function fits(version: string, { version: wanted, oldest }: WantedVersion): boolean {
  return matches(version, wanted) && (!oldest || newestFirst(version, oldest) <= 0);
}

/** Newest first, also of paths: `postgresql/17` before `postgresql/9.6`. */
export function newestFirst(a: string, b: string): number {
  return b.localeCompare(a, 'en', { numeric: true });
}

/** The first dotted number of a program's output, else its first number. */
export function parseVersion(output: string): string | undefined {
  return (/\d+(\.\d+)+/.exec(output) ?? /\d+/.exec(output))?.[0];
}

/** The upstream version of a Debian package version: '5:7.0.15-1~deb12u4' gives 7.0.15. */
export function upstreamVersion(debian: string): string {
  return parseVersion(debian.replace(/^\d+:/, '').replace(/-[^-]*$/, '')) ?? debian;
}

/** How to run a program: its loader, itself, its environment. */
export interface Runnable {
  path: string;
  loader?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/**
 * Runs a program to ask for its version. Where `args` is empty (nothing prints it without starting
 * the server), the version is the last number with dots in the program's real path.
 * @returns the version, or the reason why there is none
 */
export async function askVersion(
  { path, loader = [], env }: Runnable,
  args: readonly string[] = ['--version'],
  PATH = process.env.PATH,
): Promise<{ version: string } | { reason: string }> {
  if (args.length === 0) {
    const inPath = realpathSync(path)
      .match(/\d+(\.\d+)+/g)
      ?.at(-1);
    return inPath ? { version: inPath } : { reason: 'its path names no version' };
  }
  const [file, ...rest] = [...loader, path, ...args];
  const { stdout, stderr, failure } = await runShort(file!, rest, {
    env: { ...process.env, LC_ALL: 'C', PATH, ...env },
    timeout: patience,
    most: 10_000,
  }).catch(({ message }) => ({ stdout: '', stderr: '', failure: `failed: ${message}` }));
  const output = stdout + stderr;
  if (failure) return { reason: `${args.join(' ')} ${failure}${firstLine(output)}` };
  const version = parseVersion(output);
  return version ? { version } : { reason: `${args.join(' ')} prints no version` };
}

function firstLine(output: string): string {
  const line = output.split('\n').find((text) => text.trim());
  return line ? `: ${line.trim()}` : '';
}
