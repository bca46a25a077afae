import { inspect } from 'node:util';
import type { CommonOptions } from './contract';
import { isCyclic } from './cyclic';
import { SeamkitError } from './errors';

/** What one option must be: a predicate, and the words for it in the error. */
export interface OptionCheck {
  expected: string;
  accepts(value: unknown): boolean;
}

/** ms that Node's timers can wait; asked for more, they end at once. */
export const longestTimer = 2 ** 31 - 1;

/** The checks that kits need most. */
export const is = {
  string: check('a non-empty string', (value) => typeof value === 'string' && value !== ''),
  boolean: check('true or false', (value) => typeof value === 'boolean'),
  function: check('a function', (value) => typeof value === 'function'),
  count: check(
    'a whole number from 0 up',
    (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  ),
  milliseconds: check(
    `a number of ms above 0, at most ${longestTimer}`,
    (value) => typeof value === 'number' && value > 0 && value <= longestTimer,
  ),
  record: check('an object', isRecord),
  list: check('a list', Array.isArray),
  /** An object with these fields and no others; each may be absent. */
  fields: (fields: Record<string, OptionCheck>) =>
    check(
      `an object of ${Object.entries(fields)
        .map(([name, { expected }]) => `${name} (${expected})`)
        .join(', ')}`,
      (value) =>
        isRecord(value) &&
        Object.entries(value as object).every(
          ([name, field]) =>
            Object.hasOwn(fields, name) && (field === undefined || fields[name]!.accepts(field)),
        ),
    ),
  url: check('a url', (value) => typeof value === 'string' && URL.canParse(value)),
  oneOf: (...values: readonly string[]) =>
    check(`one of ${values.map((value) => `'${value}'`).join(', ')}`, (value) =>
      values.includes(value as string),
    ),
  either: (...checks: readonly OptionCheck[]) =>
    check(checks.map(({ expected }) => expected).join(', or '), (value) =>
      checks.some(({ accepts }) => accepts(value)),
    ),
} as const;

/** Says what an option of a kit's own must be. */
export function check(expected: string, accepts: (value: unknown) => boolean): OptionCheck {
  return { expected, accepts };
}

const common: Record<string, OptionCheck> = {
  key: is.string,
  prepareTimeout: is.milliseconds,
};

/** `ContainerOptions`, for kits whose option `container` has fields of its own too. */
export const containerFields: Record<string, OptionCheck> = {
  memory: check(
    "at least 6 MB, like '512m' or '2g'",
    (value) => (memoryBytes(value) ?? 0) >= 6 * 1024 ** 2,
  ),
  cpus: check('a number above 0', (value) => Number.isFinite(value) && Number(value) > 0),
  platform: check(
    "like 'linux/amd64'",
    (value) => typeof value === 'string' && /^[a-z0-9]+(\/[a-z0-9]+){1,2}$/.test(value),
  ),
  registry: check(
    "a host with or without port and path, like 'mirror.example.com/hub'",
    (value) =>
      typeof value === 'string' &&
      /^(localhost|[a-z0-9-]+(\.[a-z0-9-]+)+|[a-z0-9-]+(?=:))(:\d+)?(\/[a-z0-9._-]+)*\/?$/i.test(
        value,
      ),
  ),
};

/** Bytes of a memory size as Docker writes it, `'512m'`. */
export function memoryBytes(size: unknown): number | undefined {
  const [, number, unit] = /^(\d+)([bkmg])$/i.exec(String(size)) ?? [];
  if (unit === undefined) return undefined;
  return Number(number) * 1024 ** 'bkmg'.indexOf(unit.toLowerCase());
}

const withServer: Record<string, OptionCheck> = {
  runtime: is.oneOf('container', 'process', 'external'),
  url: is.url,
  version: check(
    "a version like '17' or '7.2'",
    (value) => typeof value === 'string' && /^\d+(\.\d+)*$/.test(value),
  ),
  image: is.string,
  container: is.fields(containerFields),
  startTimeout: is.milliseconds,
};

/**
 * Refuses unknown and malformed options. `defineKit` calls it for a kit's own; for objects within
 * them, and for calls on members, the kit does. With `server: true` the options of `ServerOptions`
 * are known, too. An option that is `undefined` counts as absent.
 * @throws SeamkitError `OPTION_INVALID`
 */
export function checkOptions(
  kit: string,
  options: CommonOptions,
  checks: Record<string, OptionCheck>,
  { server = false } = {},
): void {
  if (!isRecord(options)) {
    throw new SeamkitError(
      'OPTION_INVALID',
      `${kit}() takes an object of options, not ${show(options)}`,
    );
  }
  const known: Record<string, OptionCheck> = { ...common, ...(server && withServer), ...checks };
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (isCyclic(value)) {
      throw new SeamkitError('OPTION_INVALID', `${kit}() option '${name}' refers to itself`, {
        hint: 'pass plain data: objects, lists, strings, numbers and booleans, with no way back',
      });
    }
    const rule = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!rule) {
      throw new SeamkitError('OPTION_INVALID', `${kit}() has no option '${name}'`, {
        hint: `use one of: ${Object.keys(known).sort().join(', ')}`,
      });
    }
    if (!rule.accepts(value)) {
      throw new SeamkitError('OPTION_INVALID', `${kit}() option '${name}' is ${show(value)}`, {
        hint: `pass ${rule.expected}`,
      });
    }
  }
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  const text = textOf(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return inspect(value, { depth: 1, breakLength: Infinity }); // a bigint, or a way round
  }
}
