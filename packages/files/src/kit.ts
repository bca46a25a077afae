import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineKit, SeamkitError } from '@seamkit/core';
import type { FilesMembers } from './members';
import { checks, type FilesOptions } from './options';
import { openSandbox } from './sandbox';

/**
 * A private folder for the test file.
 * Members: `FilesMembers`.
 * @throws SeamkitError `OPTION_INVALID`
 */
export const files = defineKit<FilesOptions, FilesMembers>({
  kind: 'local',
  name: 'files',
  supports: { runtimes: [], prepare: true },
  options: checks,
  check(options, folder) {
    for (const name of ['fixture', 'parent'] as const) {
      const path = options[name];
      if (typeof path !== 'string') continue;
      const full = resolve(folder, path);
      if (statSync(full, { throwIfNoEntry: false })?.isDirectory()) continue;
      throw new SeamkitError(
        'OPTION_INVALID',
        `files() option '${name}': there is no folder ${path}`,
        {
          hint: `pass a folder that exists; it is looked for at ${full}`,
        },
      );
    }
  },
  open: openSandbox,
});
