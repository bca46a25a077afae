import { setTimeout } from 'node:timers/promises';
import { ask } from './ask';

/** A key and what is stored under it: the key's bytes in latin1, the value's in base64. */
export type Item = { key: string; value: string; flags: number; ttl: number };

/** Seconds; the server takes a larger number for a point in time. */
const longestTtl = 30 * 24 * 3600;

/** All keys, sorted, their bytes in latin1. */
export async function listKeys(url: string): Promise<string[]> {
  for (;;) {
    const lines = await ask(url, 'lru_crawler metadump all\r\n', /^(END|BUSY|\w*ERROR)/);
    const end = lines.pop()!.text;
    if (end === 'END')
      return lines.map(({ text }) => unescape(/^key=(\S+)/.exec(text)![1]!)).sort();
    if (!end.startsWith('BUSY')) throw new Error(`Memcached does not list its keys: ${end}`);
    await setTimeout(5); // it goes through them for itself just now
  }
}

export async function readItems(url: string): Promise<Item[]> {
  const keys = await listKeys(url);
  const gets = keys.map((key) => `${meta('mg', key, 'v f t')}\r\n`);
  const lines = await ask(url, `${gets.join('')}mn\r\n`, /^MN/);
  return keys.flatMap((key, index) => {
    const { text, value } = lines[index]!;
    if (text === 'EN') return []; // expired meanwhile
    if (!value) throw new Error(`Memcached does not tell what is stored under '${key}': ${text}`);
    const [, flags, ttl] = / f(\d+) t(-?\d+)/.exec(text)!;
    return { key, value: value.toString('base64'), flags: Number(flags), ttl: Number(ttl) };
  });
}

/** Leaves these items on the server and no others, whatever its limits and counters were set to. */
export async function restore(url: string, items: readonly Item[], memory: number): Promise<void> {
  // Sets may follow a flush in the same second: the server tells old items by number, too.
  const commands = ['flush_all', `cache_memlimit ${memory}`];
  for (const { key, value, flags, ttl } of items) {
    const bytes = Buffer.from(value, 'base64');
    const until = ttl > longestTtl ? Math.floor(Date.now() / 1_000) + ttl : Math.max(ttl, 0);
    commands.push(meta('ms', key, `${bytes.length} F${flags} T${until} q`));
    commands.push(bytes.toString('latin1'));
  }
  commands.push('stats reset');
  // Silence of the rest is success: `mn` does nothing, but answers.
  const lines = await ask(url, `${commands.join('\r\n')}\r\nmn\r\n`, /^MN/);
  const odd = lines.find(({ text }) => !['OK', 'RESET', 'MN'].includes(text));
  if (odd) throw new Error(`Memcached does not take its items back: ${odd.text}`);
}

/** The server's `stats`. */
export async function readStats(url: string): Promise<Record<string, string>> {
  const lines = await ask(url, 'stats\r\n', /^END/);
  const pairs = lines.slice(0, -1).map(({ text }) => text.split(' ').slice(1));
  return Object.fromEntries(pairs);
}

/** Lets the server's counters begin anew. */
export async function resetStats(url: string): Promise<void> {
  await ask(url, 'stats reset\r\n', /^RESET/);
}

/** What has changed an item each time that it rose. */
const writes = 'total_items cmd_touch cmd_flush delete_hits incr_hits decr_hits'.split(' ');

/** Whether anything was written since the counters began. */
export async function written(url: string): Promise<boolean> {
  const stats = await readStats(url);
  return writes.some((name) => stats[name] !== '0');
}

/** A meta command; a key that could not be a word of the text protocol goes in base64. */
function meta(verb: string, key: string, rest: string): string {
  if (/^[!-~\x80-\xff]+$/.test(key)) return `${verb} ${key} ${rest}`;
  return `${verb} ${Buffer.from(key, 'latin1').toString('base64')} ${rest} b`;
}
