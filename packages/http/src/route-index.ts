import type { Call } from './call';
import { matchPath, splitPath } from './path';
import type { StubRoute } from './route';

/** Routes of one path and method: those with a discriminant by its value, and all others. */
class Leaf {
  readonly plain: Entry[] = [];
  readonly keyed = new Map<
    string,
    { read(call: Call): string | undefined; by: Map<string, Entry[]> }
  >();
}

interface Entry {
  route: StubRoute;
  /** Later routes win. */
  order: number;
}

class Node {
  readonly literals = new Map<string, Node>();
  parameter?: Node;
  readonly leaves = new Map<string, Leaf>();
  /** Leaves of patterns that end here with `*`. */
  readonly rest = new Map<string, Leaf>();
}

/**
 * Finds the route of a call by walking its path once, whatever the number of routes. Where several
 * match, the one that was declared last wins.
 */
export class RouteIndex {
  readonly routes: StubRoute[] = [];
  readonly #root = new Node();

  add(route: StubRoute): void {
    let node = this.#root;
    let leaves = node.leaves;
    for (const segment of route.pattern.segments) {
      if (segment.kind === 'rest') {
        leaves = node.rest;
        break;
      }
      if (segment.kind === 'parameter') {
        node.parameter ??= new Node();
        node = node.parameter;
      } else {
        const next = node.literals.get(segment.text) ?? new Node();
        node.literals.set(segment.text, next);
        node = next;
      }
      leaves = node.leaves;
    }
    const leaf = leaves.get(route.method) ?? new Leaf();
    leaves.set(route.method, leaf);
    const entry = { route, order: this.routes.push(route) };
    const { discriminant } = route;
    if (!discriminant) {
      leaf.plain.push(entry);
      return;
    }
    const { name, value, read } = discriminant;
    const keyed = leaf.keyed.get(name) ?? { read, by: new Map<string, Entry[]>() };
    leaf.keyed.set(name, keyed);
    const same = keyed.by.get(value) ?? [];
    keyed.by.set(value, same);
    same.push(entry);
  }

  /** The route that matches, its parameters set on the call. */
  find(call: Call): StubRoute | undefined {
    const parts = splitPath(call.path);
    const candidates: Entry[] = [];
    this.#collect(this.#root, parts, 0, call, candidates);
    if (candidates.length > 1) candidates.sort((a, b) => b.order - a.order);
    for (const { route } of candidates) {
      if (route.pattern.origin && route.pattern.origin !== call.origin) continue;
      call.params = matchPath(route.pattern, parts) ?? {};
      if (route.matches(call)) return route;
    }
    call.params = {};
    return undefined;
  }

  #collect(node: Node, parts: readonly string[], depth: number, call: Call, found: Entry[]): void {
    gather(node.rest, call, found);
    const part = parts[depth];
    if (part === undefined) {
      gather(node.leaves, call, found);
      return;
    }
    const literal = node.literals.get(part);
    if (literal) this.#collect(literal, parts, depth + 1, call, found);
    if (node.parameter && part !== '') this.#collect(node.parameter, parts, depth + 1, call, found);
  }
}

function gather(leaves: Map<string, Leaf>, call: Call, found: Entry[]): void {
  if (leaves.size === 0) return;
  for (const leaf of [leaves.get(call.method), leaves.get('*')]) {
    if (!leaf) continue;
    found.push(...leaf.plain);
    for (const { read, by } of leaf.keyed.values()) {
      const value = read(call);
      if (value !== undefined) found.push(...(by.get(value) ?? []));
    }
  }
}
