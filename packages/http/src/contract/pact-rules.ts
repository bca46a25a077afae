import { SeamkitError } from '@seamkit/core';

export interface Matcher {
  match: string;
  regex?: string;
  min?: number;
  max?: number;
  value?: unknown;
  format?: string;
  date?: string;
  time?: string;
  timestamp?: string;
  datetime?: string;
}

export interface RuleSet {
  matchers: Matcher[];
  /** Whether one matcher is enough. */
  any: boolean;
}

/** Matchers for a place in a body; `*` stands for any member or item. */
export interface PathRule extends RuleSet {
  path: string[];
}

/** By names in lower case. */
export type HeaderRules = Map<string, RuleSet>;

const known = new Set([
  ...['equality', 'regex', 'type', 'number', 'integer', 'decimal', 'boolean', 'null', 'include'],
  ...['date', 'time', 'timestamp', 'datetime', 'values', 'contentType'],
]);

/** Version 2 has one flat list, by path; version 3 one for each part of the message. */
export function readBodyRules(rules: Record<string, any>): PathRule[] {
  const flat = Object.entries(rules).filter(([path]) => /^\$\.body(?=$|[.[])/.test(path));
  const nested = Object.entries<any>(rules.body ?? {});
  return [
    ...flat.map(([path, rule]) => ({ path: readPath(path).slice(1), ...readRule(rule) })),
    ...nested.map(([path, rule]) => ({ path: readPath(path), ...readRule(rule) })),
  ];
}

export function readHeaderRules(rules: Record<string, any>): HeaderRules {
  const flat = Object.entries(rules).filter(([path]) => /^\$\.headers?[.[]/.test(path));
  const nested = Object.entries<any>(rules.header ?? rules.headers ?? {});
  return new Map([
    ...flat.map(([path, rule]) => [readPath(path)[1]!.toLowerCase(), readRule(rule)] as const),
    ...nested.map(([name, rule]) => [name.toLowerCase(), readRule(rule)] as const),
  ]);
}

function readRule(rule: any): RuleSet {
  const matchers: any[] = Array.isArray(rule.matchers) ? rule.matchers : [rule];
  return { matchers: matchers.map(readMatcher), any: rule.combine === 'OR' };
}

/** Older files leave `match` out where another member tells it. */
function readMatcher(matcher: any): Matcher {
  const { regex, min, max, timestamp, date, time } = matcher;
  const told =
    (regex !== undefined && 'regex') ||
    ((min !== undefined || max !== undefined) && 'type') ||
    (timestamp && 'timestamp') ||
    (date && 'date') ||
    (time && 'time');
  const match = matcher.match ?? told;
  if (!known.has(match)) {
    throw new SeamkitError('UNSUPPORTED', `the Pact file has a matcher '${match}'`, {
      hint: `known are: ${[...known].join(', ')}`,
    });
  }
  if (match === 'regex') checkPattern(regex);
  return { ...matcher, match };
}

function checkPattern(regex: string): void {
  try {
    new RegExp(regex);
  } catch (error) {
    throw SeamkitError.wrap(
      error,
      'UNSUPPORTED',
      'the Pact file has a pattern that JavaScript cannot read',
    );
  }
}

/** `$.items[*]['a b'][0]` is the path items, *, a b, 0. */
function readPath(text: string): string[] {
  const parts = text.matchAll(/\.([^.[\]]+)|\[(?:'([^']*)'|"([^"]*)"|(\*|\d+))\]/g);
  return [...parts].map(
    ([, plain, single, double, index]) => plain ?? single ?? double ?? index ?? '',
  );
}

/** The most exact rule for a place, or for the nearest place above it. */
export function ruleFor(
  rules: readonly PathRule[],
  path: readonly string[],
): { rule: PathRule; exact: boolean } | undefined {
  let best: { rule: PathRule; exact: boolean; weight: number } | undefined;
  for (const rule of rules) {
    if (rule.path.length > path.length) continue;
    const fits = rule.path.every((part, index) => part === '*' || part === path[index]);
    if (!fits) continue;
    const exactParts = rule.path.filter((part) => part !== '*').length;
    const weight = rule.path.length * 1000 + exactParts;
    if (!best || weight >= best.weight) {
      best = { rule, exact: rule.path.length === path.length, weight };
    }
  }
  return best;
}

/** What is wrong with a value, or undefined. */
export function mismatch(matcher: Matcher, expected: unknown, actual: unknown): string | undefined {
  const { match } = matcher;
  const text = String(actual);
  const scalar = actual === null || typeof actual !== 'object';
  switch (match) {
    case 'type':
    case 'values':
      return kindOf(expected) === kindOf(actual)
        ? undefined
        : `must be ${kindOf(expected)}, is ${kindOf(actual)}`;
    case 'regex':
      return scalar && new RegExp(matcher.regex!).test(text)
        ? undefined
        : `must match ${matcher.regex}`;
    case 'number':
      return typeof actual === 'number' ? undefined : `must be number, is ${kindOf(actual)}`;
    case 'integer':
      return Number.isInteger(actual) ? undefined : 'must be a whole number';
    case 'decimal':
      return typeof actual === 'number' ? undefined : `must be number, is ${kindOf(actual)}`;
    case 'boolean':
      return typeof actual === 'boolean' ? undefined : `must be boolean, is ${kindOf(actual)}`;
    case 'null':
      return actual === null ? undefined : `must be null, is ${kindOf(actual)}`;
    case 'include':
      return scalar && text.includes(String(matcher.value))
        ? undefined
        : `must include ${JSON.stringify(matcher.value)}`;
    case 'date':
    case 'time':
    case 'timestamp':
    case 'datetime': {
      const format = matcher.format ?? matcher[match];
      const pattern = format ? datePattern(format) : /\d/;
      return typeof actual === 'string' && pattern.test(actual)
        ? undefined
        : `must be a ${match} like ${format}`;
    }
    default:
      return undefined;
  }
}

export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** A pattern of letters, as Java's date formats have: `yyyy-MM-dd'T'HH:mm:ss.SSSX`. */
function datePattern(format: string): RegExp {
  const source = format.replace(/'([^']*)'|([A-Za-z])\2*|[^A-Za-z']/g, (token, quoted, letter) => {
    if (quoted !== undefined) return escapePattern(quoted || "'");
    if (!letter) return escapePattern(token);
    if ('aGE'.includes(letter) || ('ML'.includes(letter) && token.length > 2)) return '[\\p{L}.]+';
    if ('XxZzVO'.includes(letter)) return '(?:Z|UTC|GMT|[+-]\\d\\d:?(?:\\d\\d)?|[A-Z]{2,5})';
    return token.length === 1 ? '\\d+' : `\\d{${token.length}}`;
  });
  return new RegExp(`^${source}$`, 'u');
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
