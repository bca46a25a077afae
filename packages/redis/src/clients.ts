import type { Redis } from 'ioredis';
import { replies } from './connection';

/** One line of `CLIENT LIST`. */
export interface Client {
  id: number;
  address: string;
  name: string;
  database: number;
  /** N: nothing special; x: in MULTI; d: a watched key was touched; b: blocked; P: subscribed; O: MONITOR. */
  flags: string;
  command: string;
}

const fields = {
  id: /^id=(\d+)/,
  address: / addr=([^ ]*)/,
  name: / name=([^ ]*)/,
  database: / db=(\d+)/,
  flags: / flags=([^ ]*)/,
  command: / cmd=([^ ]*)/,
};

export function parseClients(list: string): Client[] {
  const clients: Client[] = [];
  for (const line of list.split('\n')) {
    if (line === '') continue;
    const field = (name: keyof typeof fields) => fields[name].exec(line)?.[1] ?? '';
    clients.push({
      id: Number(field('id')),
      address: field('address'),
      name: field('name'),
      database: Number(field('database')),
      flags: field('flags'),
      command: field('command'),
    });
  }
  return clients;
}

/** What a client that outlived its test is still at, if anything. */
export function unfinished({ flags, command }: Client): string | undefined {
  if (flags.includes('b')) return `blocked in ${command.toUpperCase()}`;
  if (flags.includes('P')) return 'subscribed';
  if (flags.includes('O')) return 'monitoring';
  return undefined;
}

export function describe({ address, name }: Client): string {
  return name ? `${address} "${name}"` : address;
}

/** Ends these clients' connections. */
export async function kill(line: Redis, clients: readonly Client[]): Promise<void> {
  if (clients.length === 0) return;
  const work = line.pipeline();
  for (const { id } of clients) work.client('KILL', 'ID', id);
  await replies(work);
}

/** Ends the connections of whoever is in this database. */
export async function killAllIn(line: Redis, database: number): Promise<void> {
  const clients = parseClients((await line.client('LIST')) as string);
  await kill(
    line,
    clients.filter((client) => client.database === database),
  );
}
