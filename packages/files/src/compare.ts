import type { BigIntStats } from 'node:fs';
import { type Baseline, type Kept, looksKept } from './baseline';
import { entering, look, namesIn, typeOf } from './entry';
import { below, join, type RawPath } from './raw-path';

/** A path that may not be as it was. At least one of the two is there. */
export interface Difference {
  raw: RawPath;
  was?: Kept;
  now?: BigIntStats;
}

/**
 * Calls `found` where the tree may differ from its baseline, parents before what is in them; what
 * is in a folder can be read meanwhile, whatever the folder's mode. An entry that was last looked
 * at too soon after its change is compared by content.
 */
export function compare(baseline: Baseline, found: (difference: Difference) => void): void {
  const clock = baseline.clock();

  const visit = (raw: RawPath): void => {
    const was = baseline.entries.get(raw);
    const path = below(baseline.root, raw);
    const now = look(path);
    if (!now) {
      if (was) missing(raw, was);
      return;
    }
    const type = typeOf(now);
    let same = was !== undefined && looksKept(was, now);
    const known = same && was!.settled;
    if (same && !known && type === 'file') {
      // Reading may have moved the access time, which is then to be put right.
      same = baseline.hasContent(raw, path, now) && looksKept(was!, look(path)!);
      if (same) baseline.stamp(raw, clock);
    }
    if (!same) found({ raw, was, now });
    if (was?.type === 'folder' && type !== 'folder') {
      for (const name of baseline.children.get(raw)!) {
        const lost = join(raw, name);
        missing(lost, baseline.entries.get(lost)!);
      }
    }
    if (type !== 'folder') return;
    const kept = baseline.children.get(raw) ?? [];
    entering(path, now, () => {
      // A folder that is known to be as it was has the same names in it.
      const names = known ? kept : [...new Set([...kept, ...namesIn(path)])].sort();
      for (const name of names) visit(join(raw, name));
    });
    if (same && !known) baseline.stamp(raw, clock);
  };

  const missing = (raw: RawPath, was: Kept): void => {
    found({ raw, was });
    for (const name of baseline.children.get(raw) ?? []) {
      const lost = join(raw, name);
      missing(lost, baseline.entries.get(lost)!);
    }
  };

  visit('');
}
