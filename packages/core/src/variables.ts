import { statSync } from 'node:fs';
import { delimiter, isAbsolute } from 'node:path';
import { SeamkitError } from './errors';
import { check, is, longestTimer, type OptionCheck } from './options';

/** Environment variables by name; those of the process, or those of the caller. */
export type Variables = Readonly<Record<string, string | undefined>>;

const runtime = is.oneOf('container', 'process', 'external');
const milliseconds = (least: number) =>
  check(`a whole number of ms, ${least} to ${longestTimer}`, (value) => {
    const ms = /^\d+$/.test(value as string) ? Number(value) : -1;
    return ms >= least && ms <= longestTimer;
  });

/** What each variable of core's own must be. */
const rules: Readonly<Record<string, OptionCheck>> = {
  SEAMKIT_LOG: is.oneOf('silent', 'warn', 'info', 'debug'),
  SEAMKIT_RUNTIME: runtime,
  SEAMKIT_REQUIRE: check('a list of container, process and external, with commas', (value) =>
    (value as string).split(',').every(runtime.accepts),
  ),
  SEAMKIT_DOWNLOAD: is.oneOf('0', '1'),
  SEAMKIT_LINGER: milliseconds(0),
  SEAMKIT_START_TIMEOUT: milliseconds(1),
  SEAMKIT_PREPARE_TIMEOUT: milliseconds(1),
  SEAMKIT_RESET_TIMEOUT: milliseconds(1),
  SEAMKIT_WORKSPACE: check('a folder that exists', (value) => isFolder(value as string)),
  SEAMKIT_SAFE_DIRECTORIES: check(`absolute paths with '${delimiter}' between them`, (value) =>
    (value as string).split(delimiter).every((path) => path === '' || isAbsolute(path)),
  ),
};

/**
 * An environment variable's value; undefined where it is not set or empty, which is the same.
 * @param rule of a variable that is not core's own
 * @throws SeamkitError `OPTION_INVALID` where it has a value that it cannot have
 */
export function variable(
  name: string,
  env: Variables = process.env,
  rule: OptionCheck | undefined = rules[name],
): string | undefined {
  const value = env[name] || undefined;
  if (value === undefined || !rule || rule.accepts(value)) return value;
  throw new SeamkitError('OPTION_INVALID', `the environment variable ${name} is '${value}'`, {
    hint: `set ${name} to ${rule.expected}; or: unset ${name}`,
  });
}

/** A variable that is a number of ms. @throws SeamkitError `OPTION_INVALID` */
export function millisecondsOf(name: string, otherwise: number): number {
  return Number(variable(name) ?? otherwise);
}

/** What is wrong with a variable is said before anything starts. @throws SeamkitError `OPTION_INVALID` */
export function checkVariables(): void {
  for (const name of Object.keys(rules)) variable(name);
}

/** A variable of a kit's own: `SEAMKIT_POSTGRES_URL`. @throws SeamkitError `OPTION_INVALID` */
export function kitVariable(
  kit: string,
  what: 'URL' | 'IMAGE' | 'BIN' | 'RUNTIME',
  env?: Variables,
): string | undefined {
  return variable(kitVariableName(kit, what), env, what === 'RUNTIME' ? runtime : undefined);
}

export function kitVariableName(kit: string, what: string): string {
  return `SEAMKIT_${kit.toUpperCase().replaceAll('-', '_')}_${what}`;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // not there, or closed to us
  }
}
