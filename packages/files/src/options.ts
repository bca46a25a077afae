import { type CommonOptions, is, type OptionChecks } from '@seamkit/core';
import type { Tree } from './fixture';
import type { FilesMembers } from './members';

export interface FilesOptions extends CommonOptions {
  /**
   * What is in the folder at the baseline: a folder to copy, or a tree of names and contents. A
   * relative path begins at the package of the file that calls.
   */
  fixture?: string | Tree;
  /** Fills the folder further, with any code; once for each test file. */
  prepare?: (
    folder: string,
    files: FilesMembers,
    stop: { signal: AbortSignal },
  ) => void | Promise<void>;
  /** Where the folder is made. Default: the system's folder for temporary files (`TMPDIR`). */
  parent?: string;
}

/** What each must be. */
export const checks: OptionChecks<FilesOptions, CommonOptions> = {
  fixture: is.either(is.string, is.record),
  prepare: is.function,
  parent: is.string,
};
