import type { BigIntStats } from 'node:fs';
import type { Baseline, Kept } from './baseline';
import { compare } from './compare';
import { type EntryType, modeOf, typeOf } from './entry';
import { below, textOf } from './raw-path';
import { real } from './real-fs';

/** One difference between the folder and its baseline. */
export interface FileChange {
  kind: 'add' | 'change' | 'remove';
  /** Its path in the folder, with `/` on every system. The folder itself is `.`. */
  target: string;
  type: EntryType;
  /** Of a `change`: what is different. `mtime` only where the content is not. */
  what?: ('type' | 'content' | 'target' | 'mode' | 'owner' | 'mtime')[];
}

/** Ordered by path. Times of folders are no change: they move when something in them does. */
export function changesSince(baseline: Baseline): FileChange[] {
  const changes: FileChange[] = [];
  compare(baseline, ({ raw, was, now }) => {
    const target = raw === '' ? '.' : textOf(raw);
    if (!was) changes.push({ kind: 'add', target, type: typeOf(now!) });
    else if (!now) changes.push({ kind: 'remove', target, type: was.type });
    else {
      const what = whatChanged(baseline, raw, was, now);
      if (what.length) changes.push({ kind: 'change', target, type: typeOf(now), what });
    }
  });
  return changes.sort((a, b) => (a.target < b.target ? -1 : 1));
}

function whatChanged(
  baseline: Baseline,
  raw: string,
  was: Kept,
  now: BigIntStats,
): NonNullable<FileChange['what']> {
  const type = typeOf(now);
  if (type !== was.type) return ['type'];
  const path = below(baseline.root, raw);
  const what: FileChange['what'] = [];
  if (type === 'file' && !baseline.hasContent(raw, path, now)) what.push('content');
  if (type === 'link') {
    const target = real.readlinkSync(path, { encoding: 'buffer' });
    if (!target.equals(was.target!)) what.push('target');
  }
  if (type !== 'link' && modeOf(now) !== was.mode) what.push('mode');
  if (Number(now.uid) !== was.uid || Number(now.gid) !== was.gid) what.push('owner');
  const sameTime = now.mtimeNs === was.seen.mtimeNs;
  if (type === 'file' && !sameTime && !what.includes('content')) what.push('mtime');
  return what;
}
