import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isOwnFolder, stateFolders } from '../system/private-folder';
import { statusAt } from './call';
import type { Status } from './messages';

/** A keeper that answers. */
export interface Neighbour {
  socket: string;
  status: Status;
}

/**
 * Folders in which this user's keepers keep their sockets and ledgers: one for each workspace and
 * environment. Several places, since XDG_RUNTIME_DIR and TMPDIR differ between logins.
 */
export function keeperFolders(): string[] {
  const { usual, other } = stateFolders();
  const elsewhere = [tmpdir(), '/tmp'].map((base) => join(base, basename(usual)));
  return (
    [...new Set([usual, other, ...elsewhere])]
      // What is in them is acted on: never in a folder that somebody else has put there.
      .filter((folder) => isOwnFolder(folder))
      .flatMap((folder) => readdirSync(folder).map((entry) => join(folder, entry)))
  );
}

/** All keepers of this user that run, or those of one workspace. Starts nothing. */
export async function neighbours(workspace?: string): Promise<Neighbour[]> {
  const sockets = keeperFolders().map((folder) => join(folder, 'socket'));
  const asked = await Promise.all(
    sockets
      .filter((socket) => existsSync(socket))
      .map(async (socket) => ({ socket, status: await statusAt(socket).catch(() => undefined) })),
  );
  // One of another version of this package may not say so.
  return asked.flatMap(({ socket, status }) =>
    status?.workspace && status.workspace === (workspace ?? status.workspace)
      ? { socket, status }
      : [],
  );
}
