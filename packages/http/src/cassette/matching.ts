import type { Body } from './body';
import type { Entry } from './entry';
import { unifyPlaceholders } from './secret-shapes';

export interface MatchOptions {
  /** Each request must match an interaction after the last one answered. Default false: any that is left. */
  order?: boolean;
  /** Whether bodies must be equal. Default true. */
  body?: boolean;
  /** Whether query parameters must be equal, in any order. Default true. */
  query?: boolean;
  /** Headers that must be equal. Default none. */
  headers?: readonly string[];
  /** Names of body fields and query parameters that differ each time: a nonce, a time stamp. */
  ignore?: readonly string[];
}

/** What of a request must be equal, by the pointers that a difference is told by. */
export type Facets = Map<string, string>;

/** Requests match where their facets are equal. Their values are redacted ones. */
export function facetsOf(request: Entry['request'], options: MatchOptions = {}): Facets {
  const { body = true, query = true, headers = [], ignore = [] } = options;
  const { protocol, host, hostname, pathname, searchParams } = new URL(request.url);
  const facets: Facets = new Map([
    ['method', request.method],
    ['path', unifyPlaceholders(pathname)],
  ]);
  // A stub without an origin of its own has another port each time.
  if (!/^(localhost|127\.|\[::1\])/.test(hostname)) facets.set('origin', `${protocol}//${host}`);
  const ignored = new Set(ignore);
  if (query) {
    const names = [...new Set(searchParams.keys())].filter((name) => !ignored.has(name));
    for (const name of names)
      flatten(`query ${name}`, single(searchParams.getAll(name)), ignored, facets);
  }
  for (const name of headers) {
    const value = request.headers?.[name.toLowerCase()];
    if (value !== undefined) flatten(`header ${name.toLowerCase()}`, value, ignored, facets);
  }
  if (body) flatten('body ', contentOf(request), ignored, facets);
  return facets;
}

function single(values: string[]): unknown {
  return values.length === 1 ? values[0] : values;
}

function contentOf(body: Body): unknown {
  if ('json' in body) return body.json;
  return body.form ?? body.text ?? body.base64 ?? body.multipart?.map(partOf);
}

function partOf({ headers, ...body }: NonNullable<Body['multipart']>[number]): unknown {
  return { headers, content: contentOf(body) };
}

/** One facet for each leaf, so that the order of members does not count. */
function flatten(pointer: string, value: unknown, ignored: Set<string>, facets: Facets): void {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null) {
    const text =
      typeof value === 'string' ? JSON.stringify(unifyPlaceholders(value)) : String(value);
    facets.set(pointer, text);
    return;
  }
  const members = Object.entries(value).filter(
    ([name]) => Array.isArray(value) || !ignored.has(name),
  );
  if (members.length === 0) facets.set(pointer, Array.isArray(value) ? '[]' : '{}');
  for (const [name, item] of members) {
    flatten(
      `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      item,
      ignored,
      facets,
    );
  }
}

/** Facets as one text: equal for those that are equal, in whatever order. */
export function keyOf(facets: Facets): string {
  return JSON.stringify([...facets].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What differs, for people: `body /amount: recorded 2000, got 2500`. */
export function differences(recorded: Facets, got: Facets): string[] {
  const found: string[] = [];
  for (const [pointer, value] of recorded) {
    const other = got.get(pointer);
    if (other === undefined) found.push(`${pointer}: recorded ${short(value)}, missing`);
    else if (other !== value)
      found.push(`${pointer}: recorded ${short(value)}, got ${short(other)}`);
  }
  for (const [pointer, value] of got) {
    if (!recorded.has(pointer)) found.push(`${pointer}: not recorded, got ${short(value)}`);
  }
  return found;
}

/** How far apart: the path counts most, then the method, then each other difference. */
export function distance(recorded: Facets, got: Facets): number {
  let sum = 0;
  for (const name of new Set([...recorded.keys(), ...got.keys()])) {
    if (recorded.get(name) === got.get(name)) continue;
    if (name === 'path') sum += 1000 * pathDistance(recorded.get(name)!, got.get(name)!);
    else if (name === 'method' || name === 'origin') sum += 500;
    else sum += 1;
  }
  return sum;
}

/** The share of segments that differ. */
function pathDistance(a: string, b: string): number {
  const left = a.split('/');
  const right = b.split('/');
  const length = Math.max(left.length, right.length);
  let same = 0;
  for (let index = 1; index < length; index++) if (left[index] === right[index]) same++;
  return 1 - same / length;
}

function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
