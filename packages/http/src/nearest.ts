import type { Call } from './call';
import { splitPath } from './path';
import type { StubRoute } from './route';

interface Nearest {
  route: string;
  /** What differed, at least one: `method: expected POST, got GET`. */
  differences: string[];
}

/** What to tell the client, and the test, about a call that nothing answers. */
export function describeUnmatched(call: Call, routes: readonly StubRoute[]): string {
  const text = `no route matches ${call}`;
  const nearest = nearestRoute(call, routes);
  if (!nearest) return `${text}: none is declared`;
  const lines = nearest.differences.map((difference) => `\n    ${difference}`);
  return `${text}\n  nearest: ${nearest.route}${lines.join('')}`;
}

/** The route that a call most likely meant, and why it did not match. Linear; for failures only. */
function nearestRoute(call: Call, routes: readonly StubRoute[]): Nearest | undefined {
  let best: { route: StubRoute; distance: number } | undefined;
  const parts = splitPath(call.path);
  for (const route of routes) {
    const distance = distanceTo(route, call, parts);
    if (!best || distance <= best.distance) best = { route, distance };
  }
  return best && { route: best.route.label, differences: differences(best.route, call, parts) };
}

/** A path counts most, then the method, then what the matchers say. */
function distanceTo(route: StubRoute, call: Call, parts: readonly string[]): number {
  const path = pathDistance(route, parts);
  const method = fitsMethod(route, call) ? 0 : 1;
  const origin = fitsOrigin(route, call) ? 0 : 1;
  const rest = path + method + origin === 0 ? [...route.differences(call)].length : 0;
  return path * 100 + (method + origin) * 50 + rest;
}

function differences(route: StubRoute, call: Call, parts: readonly string[]): string[] {
  const found: string[] = [];
  if (!fitsMethod(route, call)) found.push(`method: expected ${route.method}, got ${call.method}`);
  if (!fitsOrigin(route, call)) {
    found.push(`origin: expected ${route.pattern.origin}, got ${call.origin}`);
  }
  if (pathDistance(route, parts) > 0) {
    found.push(`path: expected ${route.pattern.text}, got ${call.path}`);
  }
  return found.length > 0 ? found : [...route.differences(call)];
}

function fitsMethod(route: StubRoute, call: Call): boolean {
  return route.method === '*' || route.method === call.method;
}

function fitsOrigin({ pattern }: StubRoute, call: Call): boolean {
  return !pattern.origin || pattern.origin === call.origin;
}

/** How many segments would have to change, each counted by how much of its text differs (0 to 1). */
function pathDistance({ pattern: { segments } }: StubRoute, parts: readonly string[]): number {
  const rest = segments.at(-1)?.kind === 'rest';
  const fixed = rest ? segments.length - 1 : segments.length;
  let distance = rest ? Math.max(0, fixed - parts.length) : Math.abs(fixed - parts.length);
  for (let index = 0; index < Math.min(fixed, parts.length); index++) {
    const segment = segments[index];
    if (segment?.kind === 'literal') distance += textDistance(segment.text, parts[index] ?? '');
    else if (segment?.kind === 'parameter' && parts[index] === '') distance += 1;
  }
  return distance;
}

/** 0 for equal texts, 1 for texts that share no start and no end. */
function textDistance(a: string, b: string): number {
  if (a === b) return 0;
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return 1 - (start + end) / (Math.max(a.length, b.length) + 1);
}
