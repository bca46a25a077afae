import { clearTimeout, setTimeout } from 'node:timers';
import { spawn } from './spawn';

export interface ShortProgram {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Its standard input. Default: none. */
  input?: string;
  /** ms until it is killed. */
  timeout: number;
  /** Characters that are kept of each output. Default: all. */
  most?: number;
}

/** What a program printed, and how it failed; no `failure`: exit code 0. */
export interface Ran {
  stdout: string;
  stderr: string;
  failure?: string;
}

/** Runs a program to its end. Rejects where it cannot be started. */
export function runShort(
  file: string,
  args: readonly string[],
  { cwd, env, input, timeout, most = Number.POSITIVE_INFINITY }: ShortProgram,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: 'pipe' });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        if (said[name].length < most) said[name] += chunk;
      });
    }
    child.stdin.on('error', () => {}); // it ended without reading; its exit code tells
    child.stdin.end(input);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const failure = code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`;
      resolve({ ...said, failure });
    });
  });
}
