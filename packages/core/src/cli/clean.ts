import { createInterface } from 'node:readline/promises';
import { cachedThings } from './clean-cache';
import { leftoverThings } from './clean-leftovers';
import { columns, paint, type Result, size, tell } from './output';

/** Something that can be removed. */
export interface Thing {
  kind: 'cache' | 'leftover';
  /** Its path, or what else it is. */
  what: string;
  why: string;
  /** On disk; 0 for processes and containers. */
  bytes: number;
  /** Resolves to false where it came to life meanwhile, and stays. */
  remove(): Promise<boolean>;
}

/** Something that stays. */
export interface Kept {
  what: string;
  why: string;
  bytes: number;
}

interface Options {
  cache?: boolean;
  leftovers?: boolean;
  yes?: boolean;
}

/** `seamkit clean`: tells what it would remove; removes it with `yes`, or when a terminal answers so. */
export async function clean({ cache, leftovers, yes }: Options, json: boolean): Promise<Result> {
  const both = !cache && !leftovers;
  const found = await Promise.all([
    cache || both ? cachedThings() : { things: [], kept: [] },
    leftovers || both ? leftoverThings() : { things: [], kept: [] },
  ]);
  const things = found.flatMap((one) => one.things);
  const kept = found.flatMap((one) => one.kept);
  const bytes = things.reduce((sum, thing) => sum + thing.bytes, 0);
  const plan = render(things, kept, bytes);

  const remove = things.length > 0 && (yes || (!json && (await agreed(plan, bytes))));
  const removed: Thing[] = [];
  for (const thing of remove ? things : []) if (await thing.remove()) removed.push(thing);
  const freed = removed.reduce((sum, thing) => sum + thing.bytes, 0);
  return {
    data: {
      things: things.map(({ kind, what, why, bytes }) => ({ kind, what, why, bytes })),
      kept,
      removed: removed.map(({ what }) => what),
      freed,
    },
    lines: remove
      ? [...(yes ? plan : []), `Removed ${removed.length} of ${things.length}, ${size(freed)}.`]
      : [...plan, ...(things.length ? ['Nothing was removed. To do so: seamkit clean --yes'] : [])],
  };
}

async function agreed(plan: readonly string[], bytes: number): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  for (const line of plan) tell(line);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // The end of the input, and Ctrl-C, are a no.
  const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  const answer = await Promise.race([
    terminal.question(`Remove these (${size(bytes)})? [y/N] `).catch(() => ''),
    ended,
  ]);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

function render(things: readonly Thing[], kept: readonly Kept[], bytes: number): string[] {
  const row = ({ what, why, bytes }: Kept) => [bytes ? size(bytes) : '', what, paint('dim', why)];
  const lines = things.length
    ? [paint('bold', `To remove, ${size(bytes)}`), ...columns(things.map(row)).map(indent)]
    : ['There is nothing to remove.'];
  if (kept.length)
    lines.push(paint('bold', 'In use, stays'), ...columns(kept.map(row)).map(indent));
  return lines;
}

function indent(line: string): string {
  return `  ${line}`;
}
