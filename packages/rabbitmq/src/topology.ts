import type { Management } from './management';
import { path } from './management';

export type Arguments = { [name: string]: any };

export interface Queue {
  name: string;
  durable: boolean;
  auto_delete: boolean;
  arguments: Arguments;
}

export interface Exchange {
  name: string;
  type: string;
  durable: boolean;
  auto_delete: boolean;
  internal: boolean;
  arguments: Arguments;
}

export interface Binding {
  source: string;
  destination: string;
  destination_type: 'queue' | 'exchange';
  routing_key: string;
  arguments: Arguments;
}

export interface Policy {
  name: string;
  pattern: string;
  'apply-to': string;
  definition: Arguments;
  priority: number;
}

/** What is declared in a vhost; exclusive queues, amq.* exchanges and default bindings left out. */
export interface Topology {
  exchanges: Exchange[];
  queues: Queue[];
  bindings: Binding[];
  policies: Policy[];
}

/** What a plugin keeps in a vhost (shovels, federation). */
export interface Parameter {
  component: string;
  name: string;
  value: unknown;
}

/** A vhost's definitions, as the management API exports and imports them. */
export interface Definitions extends Topology {
  parameters: Parameter[];
}

export async function exportDefinitions(api: Management, vhost: string): Promise<Definitions> {
  return parseDefinitions(await api.text('GET', path('definitions', vhost)));
}

/** Declares what is missing; what is there already stays. */
export async function importDefinitions(
  api: Management,
  vhost: string,
  definitions: Definitions,
): Promise<void> {
  if (Object.values(definitions).every((items) => items.length === 0)) return;
  await api.post(path('definitions', vhost), definitions);
}

/** In an order of our own, so that equal topologies are equal as text. */
export function parseDefinitions(text: string): Definitions {
  const all = JSON.parse(text);
  return {
    exchanges: inOrder(all.exchanges),
    queues: inOrder(all.queues),
    bindings: inOrder(all.bindings),
    policies: inOrder(all.policies),
    parameters: inOrder(all.parameters),
  };
}

function inOrder<Item>(items: Item[] = []): Item[] {
  return items
    .map((item) => [identity(item), item] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item);
}

/** One text for equal things, whatever the order of their keys. */
export function identity(item: unknown): string {
  return JSON.stringify(item, (_, value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** What is in `items` and not in `others`. */
export function less<Item>(items: readonly Item[], others: readonly Item[]): Item[] {
  const known = new Set(others.map(identity));
  return items.filter((item) => !known.has(identity(item)));
}
