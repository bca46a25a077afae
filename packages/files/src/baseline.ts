import type { BigIntStats } from 'node:fs';
import { SeamkitError } from '@seamkit/core';
import { contentOf, type EntryType, entering, look, modeOf, namesIn, typeOf } from './entry';
import { below, join, type RawPath, textOf } from './raw-path';
import { real } from './real-fs';

/** Contents above this many bytes are kept in files, not in memory. */
const mostInMemory = 64 * 1024;

/** One file, folder or link as it was. */
export interface Kept {
  /** What is none of the others, a socket say, only a file's hooks may have made: it cannot be made again. */
  type: EntryType;
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970, as `utimes` takes them. */
  atime: number;
  mtime: number;
  /** Of a link. */
  target?: Buffer;
  /** Of a file: the bytes, or the path of a copy. */
  content?: Buffer | string;
  /** The first path of the same file, where it has several (hard links); its own path included. */
  original?: RawPath;
  /** How it looked when it was last known to be right. */
  seen: BigIntStats;
  /**
   * Whether `seen` proves that nothing has changed. A change in the same tick of the clock as
   * `seen` leaves no trace in it: then only the content tells.
   */
  settled: boolean;
}

/** A tree of files as it was at one moment. */
export class Baseline {
  /** Parents before what is in them. */
  entries = new Map<RawPath, Kept>();
  readonly children = new Map<RawPath, RawPath[]>();
  readonly #originals = new Map<bigint, RawPath>();
  #copies = 0;

  /** @param store a folder for copies of what is too large for the memory, and for the clock */
  constructor(
    readonly root: string,
    readonly store: string,
  ) {}

  /** @throws SeamkitError `UNSUPPORTED` where it holds a socket, a pipe or a device */
  static capture(root: string, store: string): Baseline {
    const baseline = new Baseline(root, store);
    baseline.#add('');
    return baseline;
  }

  /**
   * Takes the tree as it is now: anew where `changed` says so, else as it is known. Somebody may be
   * watching it, so nothing in it is touched.
   */
  take(changed: ReadonlySet<RawPath>): void {
    const before = this.entries;
    this.entries = new Map();
    this.children.clear();
    this.#originals.clear();
    this.#add('', (raw) => (changed.has(raw) ? undefined : before.get(raw)));
    for (const [raw, { content }] of before) {
      if (typeof content === 'string' && this.entries.get(raw)?.content !== content) {
        real.unlinkSync(content);
      }
    }
  }

  /** Looks at an entry that is as it should be, so that `seen` can prove the next time that it still is. */
  stamp(raw: RawPath, clock = this.clock()): void {
    const kept = this.entries.get(raw)!;
    kept.seen = look(below(this.root, raw))!;
    kept.settled = isSettled(kept.seen, clock);
  }

  /** What the file system takes for the time, in ns since 1970: the test may have faked ours. */
  clock(): bigint {
    const file = `${this.store}/clock`;
    real.writeFileSync(file, '');
    real.chmodSync(file, 0o600);
    return real.statSync(file, { bigint: true }).ctimeNs;
  }

  /** @param known of a tree that is taken again: what is known of an entry and has not changed */
  #add(raw: RawPath, known?: (raw: RawPath) => Kept | undefined): void {
    const path = below(this.root, raw);
    const stat = look(path);
    if (!stat) return; // another process has just removed it
    const same = known?.(raw);
    const kept = same ?? this.#keep(raw, path, stat, known === undefined);
    this.entries.set(raw, kept);
    if (kept.type !== 'folder') return;
    entering(path, stat, () => {
      const names = namesIn(path);
      for (const name of names) this.#add(join(raw, name), known);
      this.children.set(
        raw,
        names.filter((name) => this.entries.has(join(raw, name))),
      );
    });
    if (!known) settleTimes(path, kept);
    else if (!same) kept.seen = look(path)!;
  }

  #keep(raw: RawPath, path: Buffer, stat: BigIntStats, ours: boolean): Kept {
    const type = typeOf(stat);
    if (type === 'other' && ours) {
      throw new SeamkitError('UNSUPPORTED', `'${textOf(raw)}' is a socket, a pipe or a device`, {
        hint: 'a baseline holds files, folders and links; make the rest in the test, which may',
      });
    }
    const kept: Kept = {
      type,
      mode: modeOf(stat),
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      atime: secondsOf(stat.atimeNs),
      mtime: secondsOf(stat.mtimeNs),
      seen: stat,
      settled: false,
    };
    if (type === 'link') kept.target = real.readlinkSync(path, { encoding: 'buffer' });
    if (type === 'file') this.#addContent(raw, kept, path, stat);
    if (ours && type !== 'folder') settleTimes(path, kept, raw);
    else kept.seen = look(path)!;
    return kept;
  }

  #addContent(raw: RawPath, kept: Kept, path: Buffer, stat: BigIntStats): void {
    if (stat.nlink > 1n) {
      const original = this.#originals.get(stat.ino);
      kept.original = original ?? raw;
      if (original !== undefined) {
        return;
      }
      this.#originals.set(stat.ino, raw);
    }
    const content = contentOf(path, stat);
    if (content.length <= mostInMemory) {
      kept.content = content;
      return;
    }
    kept.content = `${this.store}/${this.#copies++}`;
    real.writeFileSync(kept.content, content, { mode: 0o600 });
  }

  /** The kept entry that holds a file's content. */
  withContent(raw: RawPath): Kept {
    const kept = this.entries.get(raw)!;
    return kept.original === undefined ? kept : this.entries.get(kept.original)!;
  }

  hasContent(raw: RawPath, path: Buffer, stat: BigIntStats): boolean {
    const { content } = this.withContent(raw);
    if (Buffer.isBuffer(content) && stat.size !== BigInt(content.length)) return false;
    const wanted = this.contentFor(raw);
    return stat.size === BigInt(wanted.length) && contentOf(path, stat).equals(wanted);
  }

  contentFor(raw: RawPath): Buffer {
    const { content } = this.withContent(raw);
    return typeof content === 'string' ? real.readFileSync(content) : content!;
  }
}

/**
 * Whether an entry looks as it did: its change time moves at every change, and nobody can set it.
 * A folder's access time does not count, since looking into it moves it.
 */
export function looksKept({ seen, type }: Kept, now: BigIntStats): boolean {
  return (
    now.ino === seen.ino &&
    now.ctimeNs === seen.ctimeNs &&
    now.mtimeNs === seen.mtimeNs &&
    now.mode === seen.mode &&
    (type === 'folder' ||
      (now.size === seen.size && now.nlink === seen.nlink && now.atimeNs === seen.atimeNs))
  );
}

/** Sets times as `utimes` can, so that they can be set again, to the nanosecond. */
function settleTimes(path: Buffer, kept: Kept, raw?: RawPath): void {
  if (kept.original === undefined || kept.original === raw) {
    real.lutimesSync(path, kept.atime, kept.mtime);
  }
  kept.seen = look(path)!;
}

/** Clocks of file systems tick every 1 to 10 ms, and some tell whole seconds only. */
function isSettled({ ctimeNs }: BigIntStats, clock: bigint): boolean {
  const tick = ctimeNs % 1_000_000_000n === 0n ? 2_000_000_000n : 30_000_000n;
  return clock - ctimeNs > tick;
}

function secondsOf(ns: bigint): number {
  return Number(ns / 1_000n) / 1e6;
}
