import { statSync } from 'node:fs';
import { type CommonOptions, checkOptions, defineKit, is, SeamkitError } from '@seamkit/core';
import type { Files } from './files';
import type { Tree } from './fixture';
import { openSandbox } from './sandbox';

export interface FilesOptions extends CommonOptions {
  /**
   * What is in the folder at the baseline: a folder to copy (relative to the working folder), or a
   * tree of names and contents.
   */
  fixture?: string | Tree;
  /** Fills the folder further, with any code; once for each test file. */
  prepare?: (folder: string, files: Files, stop: { signal: AbortSignal }) => void | Promise<void>;
  /** Where the folder is made. Default: the system's folder for temporary files (`TMPDIR`). */
  parent?: string;
}

/**
 * A private folder for the test file.
 * Members: `Files`.
 * @throws SeamkitError `OPTION_INVALID`
 */
export const files = defineKit<FilesOptions, Files>({
  kind: 'local',
  name: 'files',
  supports: { runtimes: [], prepare: true },
  check(options) {
    checkOptions('files', options, {
      fixture: is.either(is.string, is.record),
      prepare: is.function,
      parent: is.string,
    });
    for (const name of ['fixture', 'parent'] as const) {
      const path = options[name];
      if (typeof path !== 'string') continue;
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) continue;
      throw new SeamkitError('OPTION_INVALID', `files() option '${name}': ${path} is no folder`, {
        hint: `pass a folder that is there; ${process.cwd()} is where relative paths begin`,
      });
    }
  },
  open: openSandbox,
});
