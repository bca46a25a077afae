import { readBody } from '../cassette/body';
import { header, mediaType } from '../cassette/content';
import type { HttpResponse } from '../interaction';
import type { ExpectedResponse } from './pact-file';
import { kindOf, mismatch, type PathRule, type RuleSet, ruleFor } from './pact-rules';

/** Where an answer is not what the consumer relies on. */
export interface Mismatch {
  /** `/status`, `/headers/content-type`, `/body/items/0/price`. */
  pointer: string;
  message: string;
}

/** More than expected is fine: members that the consumer does not read, headers that it does not ask for. */
export function compareResponse(expected: ExpectedResponse, actual: HttpResponse): Mismatch[] {
  const found: Mismatch[] = [];
  if (expected.status !== actual.status) {
    found.push({ pointer: '/status', message: `must be ${expected.status}, is ${actual.status}` });
  }
  for (const [name, value] of Object.entries(expected.headers)) {
    const lower = name.toLowerCase();
    const message = headerMismatch(
      lower,
      value,
      header(actual.headers, lower),
      expected.headerRules.get(lower),
    );
    if (message) found.push({ pointer: `/headers/${lower}`, message });
  }
  if (expected.hasBody) compareBody(expected, actual, found);
  return found;
}

function headerMismatch(
  name: string,
  expected: string,
  actual: string | undefined,
  rule: RuleSet | undefined,
): string | undefined {
  if (actual === undefined) return 'is missing';
  if (rule) return byRule(rule, expected, actual);
  if (name === 'content-type') {
    const [wanted, got] = [mediaType(expected), mediaType(actual)];
    const same = Object.entries(wanted.parameters).every(
      ([key, value]) => got.parameters[key]?.toLowerCase() === value.toLowerCase(),
    );
    return wanted.type === got.type && same ? undefined : `must be ${expected}, is ${actual}`;
  }
  const items = (text: string) =>
    text
      .split(',')
      .map((item) => item.trim())
      .join(',');
  return items(expected) === items(actual) ? undefined : `must be ${expected}, is ${actual}`;
}

function compareBody(
  { body, bodyRules }: ExpectedResponse,
  actual: HttpResponse,
  found: Mismatch[],
): void {
  const got = readBody(actual);
  const value =
    'json' in got ? got.json : got.form ? actual.body.toString() : (got.text ?? got.base64 ?? null);
  // A JSON body that is expected as text: its author wrote another content type.
  const wanted =
    typeof body === 'string' && 'json' in got && kindOf(got.json) !== 'string'
      ? parsed(body)
      : body;
  compareValue(bodyRules, wanted, value, [], found);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function compareValue(
  rules: readonly PathRule[],
  expected: unknown,
  actual: unknown,
  path: string[],
  found: Mismatch[],
): void {
  const report = (message: string) => found.push({ pointer: pointerOf(path), message });
  const { rule, exact } = ruleFor(rules, path) ?? {};
  const byType =
    rule?.matchers.some(({ match }) => match === 'type' || match === 'values') ?? false;
  // Only types say something of what is below.
  if (rule && (exact || byType)) {
    const message = byRule(rule, expected, actual);
    if (message) {
      report(message);
      return;
    }
    if (!byType && rule.matchers.some(({ match }) => match !== 'equality')) return;
  } else if (kindOf(expected) !== kindOf(actual)) {
    report(`must be ${kindOf(expected)}, is ${kindOf(actual)}`);
    return;
  }
  if (Array.isArray(expected) && Array.isArray(actual)) {
    compareItems(rules, rule, byType, exact ?? false, expected, actual, path, found);
  } else if (kindOf(expected) === 'object' && kindOf(actual) === 'object') {
    compareMembers(rules, rule, exact ?? false, expected as object, actual as object, path, found);
  } else if (!byType && expected !== actual) {
    report(`must be ${JSON.stringify(expected)}, is ${JSON.stringify(actual)}`);
  }
}

function compareItems(
  rules: readonly PathRule[],
  rule: PathRule | undefined,
  byType: boolean,
  exact: boolean,
  expected: unknown[],
  actual: unknown[],
  path: string[],
  found: Mismatch[],
): void {
  const report = (message: string) => found.push({ pointer: pointerOf(path), message });
  if (byType) {
    for (const { min, max } of exact ? rule!.matchers : []) {
      if (min !== undefined && actual.length < min)
        report(`must have at least ${min} items, has ${actual.length}`);
      if (max !== undefined && actual.length > max)
        report(`must have at most ${max} items, has ${actual.length}`);
    }
  } else if (expected.length !== actual.length) {
    report(`must have ${expected.length} items, has ${actual.length}`);
  }
  for (const [index, item] of actual.entries()) {
    // By type, the first one stands for all.
    const example = index < expected.length ? expected[index] : byType ? expected[0] : undefined;
    if (example === undefined) continue;
    compareValue(rules, example, item, [...path, String(index)], found);
  }
}

function compareMembers(
  rules: readonly PathRule[],
  rule: PathRule | undefined,
  exact: boolean,
  expected: object,
  actual: object,
  path: string[],
  found: Mismatch[],
): void {
  const members = actual as Record<string, unknown>;
  if (exact && rule!.matchers.some(({ match }) => match === 'values')) {
    const example = Object.values(expected)[0];
    for (const [name, value] of Object.entries(members)) {
      if (example !== undefined) compareValue(rules, example, value, [...path, name], found);
    }
    return;
  }
  for (const [name, value] of Object.entries(expected)) {
    const below = [...path, name];
    if (Object.hasOwn(members, name)) compareValue(rules, value, members[name], below, found);
    else found.push({ pointer: pointerOf(below), message: 'is missing' });
  }
}

function byRule(
  { matchers, any }: RuleSet,
  expected: unknown,
  actual: unknown,
): string | undefined {
  const messages = matchers.map((matcher) => mismatch(matcher, expected, actual));
  const wrong = messages.filter((message) => message !== undefined);
  if (any ? wrong.length < messages.length : wrong.length === 0) return undefined;
  return wrong.join(any ? ' or ' : ' and ');
}

function pointerOf(path: readonly string[]): string {
  return ['/body', ...path.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'))].join(
    '/',
  );
}
