import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** bytes: more than people write or record, and less than a string can hold. */
const most = 256 * 1024 ** 2;

/**
 * The content of a file that an option names; links are followed. Only of a regular file: a device
 * may have no end, and a pipe nobody who writes to it.
 * @throws Error as `readFileSync`, or with what it is instead of a file, or with its size where that
 * is above 256 MiB: for the kit to wrap in a `SeamkitError` that names its option
 */
export function readNamedFile(path: string): Buffer {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) {
      const kind = stat.isDirectory() ? 'folder' : stat.isFIFO() ? 'pipe' : 'device';
      throw new Error(`it is a ${kind}, not a regular file`);
    }
    if (stat.size > most)
      throw new Error(`it has ${stat.size} bytes, and at most ${most} are read`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
