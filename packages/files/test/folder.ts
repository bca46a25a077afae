import { createHash } from 'node:crypto';
import { constants, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * Everything that reset must bring back, as plain data; names byte by byte. Access times of folders
 * move when they are listed, so they are not in it.
 */
export function snapshot(folder: string, name = ''): Record<string, unknown> {
  const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);
  const stat = lstatSync(path, { bigint: true });
  const { mode, uid, gid, mtimeNs, nlink } = stat;
  const entry: Record<string, unknown> = { mode, uid, gid, mtimeNs };
  if (stat.isSymbolicLink()) entry.target = readlinkSync(path);
  if (stat.isFile()) {
    Object.assign(entry, { nlink, atimeNs: stat.atimeNs, content: digest(path) });
  }
  const found: Record<string, unknown> = { [name]: entry };
  if (stat.isDirectory()) {
    for (const child of readdirSync(path, 'latin1')) {
      Object.assign(found, snapshot(folder, name === '' ? child : `${name}/${child}`));
    }
  }
  return found;
}

/** Read without a trace in the access time, where the system can. */
function digest(path: Buffer): string {
  const flag = (constants.O_RDONLY | (constants.O_NOATIME ?? 0)) as unknown as string;
  return createHash('sha256').update(readFileSync(path, { flag })).digest('hex').slice(0, 8);
}
