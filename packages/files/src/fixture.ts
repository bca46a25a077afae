import { dirname } from 'node:path';
import { SeamkitError } from '@seamkit/core';
import { entering, look, modeOf, namesIn, typeOf } from './entry';
import { inside } from './inside';
import { below, join, type RawPath, textOf } from './raw-path';
import { real } from './real-fs';

/** What a file holds. */
export type Content = string | Uint8Array;

export interface EntryOptions {
  /** Permission bits, whatever the process' umask: 0o640. */
  mode?: number;
  /** When it was last changed. */
  mtime?: Date;
}

const made = Symbol('seamkit.files.entry');

/** A file or link that is more than its content. Made by `file` and `link`. */
export type TreeEntry = { readonly [made]: (path: string) => void };

/** Names and what they hold: text or bytes, a folder's own tree, or what `file` and `link` make. */
export type Tree = { [name: string]: Content | TreeEntry | Tree };

/** A file with a mode or a time of its own. */
export function file(content: Content, options: EntryOptions = {}): TreeEntry {
  return { [made]: (path) => writeFile(path, content, options) };
}

/** A symbolic link. It may lead nowhere, or out of the folder: to show that, it is there. */
export function link(target: string): TreeEntry {
  return { [made]: (path) => real.symlinkSync(target, path) };
}

/**
 * Writes a tree into the folder `root`, over what is there.
 * @throws SeamkitError `OPTION_INVALID` for a name that leads out of it; nothing is written then
 */
export function writeTree(root: string, tree: Tree): void {
  const work: (() => void)[] = [];
  const plan = (prefix: string, part: Tree) => {
    for (const [name, value] of Object.entries(part)) {
      const path = inside(root, prefix + name);
      if (typeof value === 'string' || value instanceof Uint8Array) {
        work.push(() => writeFile(path, value));
      } else if (isRecord(value) && made in value) {
        const make = value[made] as TreeEntry[typeof made];
        work.push(() => {
          real.mkdirSync(dirname(path), { recursive: true });
          make(path);
        });
      } else if (isRecord(value)) {
        work.push(() => real.mkdirSync(path, { recursive: true }));
        plan(`${prefix}${name}/`, value as Tree);
      } else {
        throw new SeamkitError('OPTION_INVALID', `'${prefix}${name}' is ${String(value)}`, {
          hint: 'pass text, bytes, an object of names for a folder, file() or link()',
        });
      }
    }
  };
  plan('', tree);
  for (const step of work) step();
}

export function writeFile(path: string, content: Content, options: EntryOptions = {}): void {
  real.mkdirSync(dirname(path), { recursive: true });
  real.writeFileSync(path, content);
  if (options.mode !== undefined) real.chmodSync(path, options.mode);
  if (options.mtime !== undefined) real.utimesSync(path, options.mtime, options.mtime);
}

/**
 * Copies what is in a folder: contents, modes, times, links and hard links, not owners.
 * @throws SeamkitError `UNSUPPORTED` for a socket, a pipe or a device
 */
export function copyTree(from: string, to: string): void {
  const originals = new Map<bigint, Buffer>();
  const copy = (raw: RawPath): void => {
    const source = below(from, raw);
    const target = below(to, raw);
    const stat = look(source)!;
    switch (typeOf(stat)) {
      case 'folder':
        if (raw !== '') real.mkdirSync(target, { mode: 0o700 });
        entering(source, stat, () => {
          for (const name of namesIn(source)) copy(join(raw, name));
        });
        break;
      case 'link':
        real.symlinkSync(real.readlinkSync(source, { encoding: 'buffer' }), target);
        break;
      case 'file': {
        const original = originals.get(stat.ino);
        if (original) {
          real.linkSync(original, target);
          return;
        }
        if (stat.nlink > 1n) originals.set(stat.ino, target);
        real.copyFileSync(source, target, real.constants.COPYFILE_FICLONE);
        break;
      }
      default:
        throw new SeamkitError(
          'UNSUPPORTED',
          `'${textOf(raw)}' is neither a file nor a folder nor a link`,
          {
            hint: 'leave it out of the fixture, and make it in the test',
          },
        );
    }
    if (raw === '') return;
    if (typeOf(stat) !== 'link') real.chmodSync(target, modeOf(stat));
    real.lutimesSync(target, Number(stat.atimeNs) / 1e9, Number(stat.mtimeNs / 1_000n) / 1e6);
  };
  copy('');
}

function isRecord(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
