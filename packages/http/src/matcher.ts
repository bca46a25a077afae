import { isRegExp } from 'node:util/types';
import { SeamkitError } from '@seamkit/core';
import type { Call } from './call';

/** A value that a test expects: itself, a pattern that its text matches, or a predicate. */
export type Expected =
  | string
  | number
  | boolean
  | RegExp
  | ((value: any) => boolean)
  | readonly Expected[];

/** What a call must have, beside the route's method and path. What is not named is not looked at. */
export interface Match {
  /** Query parameters. Numbers and booleans are compared as text; a list, in order. */
  query?: Readonly<Record<string, Expected>>;
  /** Headers, by name in any case. */
  headers?: Readonly<Record<string, Expected>>;
  /**
   * Text, a pattern or a predicate for the whole body; or a subset of its JSON (or of its form
   * fields): objects may have more members than expected, lists may not have more items. Leaves
   * may be patterns, predicates, and the matchers of `expect` (`expect.any(Number)`).
   */
  body?: unknown;
  /** A JSON Schema (2020-12) that the body satisfies. Needs nothing beside this package. */
  schema?: Readonly<Record<string, unknown>> | boolean;
  /** Anything else. Must not be async. */
  where?: (call: Call) => boolean;
}

/** Looks at one aspect of a call; says what differs, with its place, or nothing. */
export type Check = (call: Call) => string | undefined;

const members = ['query', 'headers', 'body', 'schema', 'where'];

/** @throws SeamkitError `OPTION_INVALID` */
export function compileMatch(match: Match): Check[] {
  if (typeof match !== 'object' || match === null) {
    throw new SeamkitError('OPTION_INVALID', 'a route is matched by an object', {
      hint: `use one with ${members.join(', ')}`,
    });
  }
  for (const name of Object.keys(match)) {
    if (members.includes(name)) continue;
    throw new SeamkitError('OPTION_INVALID', `a route has no matcher '${name}'`, {
      hint: `use one of: ${members.join(', ')}`,
    });
  }
  const { query = {}, headers = {}, body, schema, where } = match;
  const checks: Check[] = [];
  for (const [name, expected] of Object.entries(query)) {
    checks.push((call) => compareText(`query ${name}`, expected, call.query[name]));
  }
  for (const [name, expected] of Object.entries(headers)) {
    const key = name.toLowerCase();
    checks.push((call) => compareText(`header ${key}`, expected, call.headers[key]));
  }
  if (body !== undefined) checks.push(bodyCheck(body));
  if (schema !== undefined) checks.push(schemaCheck(schema));
  if (where) checks.push((call) => (where(call) ? undefined : `predicate ${where.name} is false`));
  return checks;
}

function bodyCheck(expected: unknown): Check {
  if (typeof expected === 'string') return (call) => compareText('body', expected, call.text);
  if (isRegExp(expected)) return (call) => compareText('body', expected, call.text);
  return (call) => compareSubset('body', expected, bodyOf(call));
}

/** JSON where it is JSON, else form fields, else text. */
export function bodyOf(call: Call): unknown {
  return call.json ?? call.form ?? call.text;
}

function schemaCheck(schema: Readonly<Record<string, unknown>> | boolean): Check {
  // Loaded for those who use it: compiling schemas is a large library.
  const { Ajv2020 } = require('ajv/dist/2020') as typeof import('ajv/dist/2020');
  const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: false });
  let validate: ReturnType<typeof ajv.compile>;
  try {
    validate = ajv.compile(schema);
  } catch (error) {
    throw SeamkitError.wrap(error, 'OPTION_INVALID', 'a route has a schema that is no JSON Schema');
  }
  return (call) => {
    if (validate(bodyOf(call))) return undefined;
    const [error] = validate.errors ?? [];
    return `body${error?.instancePath}: ${error?.message} (schema ${error?.schemaPath})`;
  };
}

function compareText(place: string, expected: Expected, actual: unknown): string | undefined {
  if (Array.isArray(expected)) {
    const all = Array.isArray(actual) ? actual : [actual];
    if (all.length !== expected.length) return differs(place, expected, actual);
    return expected.map((item, index) => compareText(place, item, all[index])).find(Boolean);
  }
  if (typeof expected === 'number' || typeof expected === 'boolean') {
    return actual === String(expected) ? undefined : differs(place, expected, actual);
  }
  return compareSubset(place, expected, actual);
}

/**
 * Compares JSON values: says where `actual` first lacks what `expected` has, or nothing.
 * `place` is a pointer: `body/items/0/price`.
 */
export function compareSubset(
  place: string,
  expected: unknown,
  actual: unknown,
): string | undefined {
  if (isAsymmetric(expected)) {
    return expected.asymmetricMatch(actual) ? undefined : differs(place, expected, actual);
  }
  if (typeof expected === 'function') {
    return expected(actual) ? undefined : `${place}: predicate is false for ${show(actual)}`;
  }
  if (isRegExp(expected)) {
    const text = typeof actual === 'string' || typeof actual === 'number' ? String(actual) : '';
    return text.search(expected) >= 0 ? undefined : differs(place, expected, actual);
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return differs(place, expected, actual);
    if (actual.length !== expected.length) {
      return `${place}: expected ${expected.length} items, got ${actual.length}`;
    }
    return firstDifference(place, expected.entries(), actual);
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) {
      return differs(place, expected, actual);
    }
    return firstDifference(place, Object.entries(expected), actual);
  }
  return Object.is(expected, actual) ? undefined : differs(place, expected, actual);
}

function firstDifference(
  place: string,
  entries: Iterable<[string | number, unknown]>,
  actual: object,
): string | undefined {
  for (const [key, value] of entries) {
    const found = Object.hasOwn(actual, key) ? (actual as any)[key] : undefined;
    const difference = compareSubset(`${place}/${key}`, value, found);
    if (difference) return difference;
  }
  return undefined;
}

/** The matchers of Jest and Vitest have this method. */
function isAsymmetric(value: unknown): value is { asymmetricMatch(actual: unknown): boolean } {
  return typeof (value as any)?.asymmetricMatch === 'function';
}

function differs(place: string, expected: unknown, actual: unknown): string {
  if (actual === undefined) return `${place}: expected ${show(expected)}, but it is missing`;
  return `${place}: expected ${show(expected)}, got ${show(actual)}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => {
    if (typeof part?.toAsymmetricMatcher === 'function') return part.toAsymmetricMatcher();
    return isRegExp(part) || typeof part === 'function' ? String(part) : part;
  });
  // A matcher or a pattern is no text that the call could have.
  const bare = typeof value === 'object' && text?.startsWith('"') ? JSON.parse(text) : text;
  return bare === undefined ? String(value) : bare.length > 80 ? `${bare.slice(0, 79)}…` : bare;
}
