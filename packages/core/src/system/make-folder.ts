import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it. Not by `recursive`: where a file system takes no folders and
 * says that the path is not there (/proc), Node tries again for ever.
 */
export function makeFolder(path: string, mode: number): void {
  if (isFolder(path)) return;
  if (!isFolder(dirname(path))) makeFolder(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!isFolder(path)) throw error; // else somebody was quicker
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
