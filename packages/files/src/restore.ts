import { type Baseline, type Kept, looksKept } from './baseline';
import { compare } from './compare';
import { look, modeOf, remove, typeOf } from './entry';
import { below, join, parentOf, type RawPath, textOf } from './raw-path';
import { real } from './real-fs';

/**
 * Puts the tree back exactly as it was captured: contents, types, modes, owners, times and links.
 * Returns whether anything differed.
 */
export function restore(baseline: Baseline): boolean {
  const touched = new Set<RawPath>();
  const touch = (raw: RawPath) => {
    for (let at: RawPath | undefined = raw; at !== undefined; at = parentOf(at)) {
      if (baseline.entries.has(at)) touched.add(at);
    }
  };
  compare(baseline, ({ raw }) => touch(raw));
  if (touched.size === 0) return false;
  for (const raw of linkedWith(baseline, touched)) touch(raw);

  for (const raw of baseline.entries.keys()) {
    if (touched.has(raw)) rebuild(baseline, raw);
  }
  // What is in a folder first: it changes the folder's own times.
  const clock = baseline.clock();
  for (const raw of [...baseline.entries.keys()].reverse()) {
    if (touched.has(raw)) finish(baseline, raw, clock);
  }
  // The names of one file were finished one after the other, its first one last.
  for (const raw of touched) {
    const kept = baseline.entries.get(raw)!;
    const { seen, settled } = baseline.withContent(raw);
    if (kept.original !== undefined) Object.assign(kept, { seen, settled });
  }
  return true;
}

/** The other names of files that have several, where one of them must be made anew. */
function linkedWith(baseline: Baseline, touched: Set<RawPath>): RawPath[] {
  const broken = new Set<RawPath>();
  for (const raw of touched) {
    const { original } = baseline.entries.get(raw)!;
    if (original !== undefined) broken.add(original);
  }
  if (broken.size === 0) return [];
  return [...baseline.entries]
    .filter(([, { original }]) => original !== undefined && broken.has(original))
    .map(([raw]) => raw);
}

/** Gives an entry its type, content and links; what was not there goes. */
function rebuild(baseline: Baseline, raw: RawPath): void {
  const kept = baseline.entries.get(raw)!;
  const path = below(baseline.root, raw);
  let now = look(path);
  if (kept.type === 'other' && now?.ino !== kept.seen.ino) {
    throw new Error(`'${textOf(raw)}', a socket, a pipe or a device of the file's hooks, is gone`);
  }
  if (now && typeOf(now) !== kept.type) {
    remove(baseline.root, raw);
    now = undefined;
  }
  switch (kept.type) {
    case 'folder': {
      if (!now) {
        real.mkdirSync(path, { mode: 0o700 });
        return;
      }
      if ((modeOf(now) & 0o700) !== 0o700) real.chmodSync(path, modeOf(now) | 0o700);
      const names = new Set(baseline.children.get(raw));
      for (const name of real.readdirSync(path, { encoding: 'buffer' })) {
        const child = name.toString('latin1');
        if (!names.has(child)) remove(baseline.root, join(raw, child));
      }
      return;
    }
    case 'link': {
      const target = now && real.readlinkSync(path, { encoding: 'buffer' });
      if (target?.equals(kept.target!)) return;
      remove(baseline.root, raw);
      real.symlinkSync(kept.target!, path);
      return;
    }
    case 'file': {
      if (kept.original !== undefined && kept.original !== raw) {
        remove(baseline.root, raw);
        real.linkSync(below(baseline.root, kept.original), path);
        return;
      }
      // Another file under the same name, or one with a name elsewhere, is not ours to write to.
      const ours = now && now.ino === kept.seen.ino && now.nlink === kept.seen.nlink;
      if (ours && kept.original === undefined && inPlace(baseline, raw, path)) return;
      remove(baseline.root, raw);
      real.writeFileSync(path, baseline.contentFor(raw), { mode: 0o600, flag: 'wx' });
    }
  }
}

/** Whoever has the file open sees it restored, too. False where it cannot be written (a program that runs). */
function inPlace(baseline: Baseline, raw: RawPath, path: Buffer): boolean {
  const now = look(path)!;
  if (baseline.hasContent(raw, path, now)) return true;
  try {
    if ((modeOf(now) & 0o200) === 0) real.chmodSync(path, modeOf(now) | 0o200);
    real.writeFileSync(path, baseline.contentFor(raw));
    return true;
  } catch {
    return false;
  }
}

function finish(baseline: Baseline, raw: RawPath, clock: bigint): void {
  const kept: Kept = baseline.entries.get(raw)!;
  const path = below(baseline.root, raw);
  let now = look(path)!;
  if (!looksKept(kept, now)) {
    if (Number(now.uid) !== kept.uid || Number(now.gid) !== kept.gid) {
      real.lchownSync(path, kept.uid, kept.gid);
      now = look(path)!; // which may drop set-uid
    }
    if (kept.type !== 'link' && modeOf(now) !== kept.mode) real.chmodSync(path, kept.mode);
    real.lutimesSync(path, kept.atime, kept.mtime);
  }
  baseline.stamp(raw, clock);
}
