import { SeamkitError } from '@seamkit/core';
import type { Call } from './call';

/** One part of a path pattern: a literal, one parameter, or all that follows. */
export type Segment =
  | { kind: 'literal'; text: string }
  | { kind: 'parameter'; name: string }
  | { kind: 'rest' };

export interface PathPattern {
  /** As the test wrote it. */
  text: string;
  /** Set where the test gave an absolute url: only this origin then matches. */
  origin?: string;
  segments: Segment[];
}

/**
 * `/users/:id/files/*`: `:id` takes one segment and is handed on as a parameter, `*` at the end
 * takes any number of them (parameter `*`), everything else is compared as decoded text. With an
 * origin in front, `https://api.stripe.com/v1/charges`, only calls that meant this origin match.
 * @throws SeamkitError `OPTION_INVALID`
 */
export function parsePath(text: string): PathPattern {
  if (typeof text !== 'string') throw refused(text, "pass a path like '/users/:id'");
  const [, origin, path] = /^([a-z]+:\/\/[^/]+)?(\/.*)?$/.exec(text) ?? [];
  if (path === undefined && origin === undefined) {
    throw refused(text, "start it with a slash or an origin: '/users/:id'");
  }
  if (/[?#]/.test(text)) throw refused(text, 'give query parameters as { query: { … } }');
  const parts = splitPath(path ?? '/');
  const names = new Set<string>();
  const segments = parts.map((part, index): Segment => {
    if (part === '*') {
      if (index < parts.length - 1) throw refused(text, "'*' is for the end of a path");
      return { kind: 'rest' };
    }
    if (!part.startsWith(':')) return { kind: 'literal', text: part };
    const name = part.slice(1);
    if (!/^\w+$/.test(name)) throw refused(text, `':${name}' is no name: use letters and digits`);
    if (names.has(name)) throw refused(text, `two parameters are named '${name}'`);
    names.add(name);
    return { kind: 'parameter', name };
  });
  return { text, origin: origin && parseOrigin(origin), segments };
}

/**
 * The origin of a url, with its default port left out.
 * @throws SeamkitError `OPTION_INVALID`
 */
export function parseOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new SeamkitError('OPTION_INVALID', `'${text}' is no http or https origin`, {
      hint: "write it like 'https://api.stripe.com'",
    });
  }
  return url.origin;
}

/** The decoded segments of a path: `/a%20b/c` gives `['a b', 'c']`. */
export function splitPath(path: string): string[] {
  const parts = path.slice(1).split('/');
  return path.includes('%') ? parts.map(decode) : parts;
}

/** The parameters, or undefined where the pattern does not match. */
export function matchPath(
  pattern: PathPattern,
  parts: readonly string[],
): Record<string, string> | undefined {
  const { segments } = pattern;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    if (segment.kind === 'rest') {
      params['*'] = parts.slice(index).join('/');
      return params;
    }
    const part = parts[index];
    if (part === undefined) return undefined;
    if (segment.kind === 'parameter') {
      if (part === '') return undefined;
      params[segment.name] = part;
    } else if (part !== segment.text) return undefined;
  }
  return parts.length === segments.length ? params : undefined;
}

/**
 * Whether a call is one of `POST /users/:id`, or of `/users/:id` with any method.
 * @throws SeamkitError `OPTION_INVALID`
 */
export function callFilter(text: string): (call: Call) => boolean {
  const [, method, path = ''] = /^(?:([A-Za-z]+)\s+)?(.*)$/.exec(text) ?? [];
  const pattern = parsePath(path);
  return (call) =>
    (method === undefined || method.toUpperCase() === call.method) &&
    (!pattern.origin || pattern.origin === call.origin) &&
    matchPath(pattern, splitPath(call.path)) !== undefined;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function refused(text: unknown, hint: string): SeamkitError {
  return new SeamkitError('OPTION_INVALID', `a route cannot have the path '${text}'`, { hint });
}
