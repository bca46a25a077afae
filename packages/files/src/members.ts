import type { FileChange } from './changes';
import type { Content, EntryOptions, Tree } from './fixture';
import type { Traversal } from './traversal';

/**
 * What the test gets: a folder of its own. Names are paths below it, with `/`; each function throws
 * `OPTION_INVALID` for one that is absolute, holds `..` or a NUL, or leads out through a link.
 */
export interface FilesMembers {
  /** The folder: absolute, and without links. */
  readonly path: string;
  /** The same as `file://…`. */
  readonly url: string;
  /** The absolute path of a name. */
  resolve(name: string): string;
  /** Writes a file, with the folders above it. */
  write(name: string, content: Content, options?: EntryOptions): void;
  /** Writes several, as a fixture tree. Where one name is refused, nothing is written. */
  writeTree(tree: Tree): void;
  /** A file's text; undefined where it is not there. */
  text(name: string): string | undefined;
  /** A file's bytes; undefined where it is not there. */
  bytes(name: string): Buffer | undefined;
  /** The paths of all files and links below a folder (default: all), in order; folders end in `/`. */
  list(name?: string): string[];
  /** Removes a file, or a folder with all that is in it. Nothing there: nothing done. */
  remove(name: string): void;
  /** What is different from the baseline. */
  changes(): FileChange[];

  /**
   * Paths by which an attacker asks for a secret outside of the folder; naively followed, each
   * leads to it. Makes two links in the folder for that.
   */
  traversals(): Traversal[];
  /** The secret's content: an answer that holds it has left the folder. */
  readonly secret: string;

  /** Writing fails with EROFS, in all of the folder or below a name. */
  readOnly(name?: string): void;
  /**
   * Using a file or folder fails with EACCES; with `'write'` only changing it does. By its mode,
   * and where that stops nobody (root), by intercepting `node:fs`.
   */
  deny(name: string, access?: 'all' | 'write'): void;
  /** `free` more bytes (default 0) can be written, then ENOSPC, with what fitted written. */
  full(free?: number): void;
  /** Opening fails with EMFILE while `most` (default 0) of the files opened from now on are open. */
  tooManyOpen(most?: number): void;
  /** Each call takes `ms` longer; those of the sync kind block, as they would. */
  slow(ms: number): void;
  /** Whatever is done with a file or folder (default: any) fails with this code: `EIO`, `EBUSY`, `ESTALE`. */
  fail(code: string, name?: string): void;
  /** Ends all of the faults above. */
  heal(): void;
}
