import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ownFolder, stateFolder } from '../system/private-folder';
import { version } from '../version';

// A keeper works with its own environment: processes that differ in these need another one.
const environment = ['DOCKER_', 'TESTCONTAINERS_', 'XDG_', 'SEAMKIT_CACHE', 'TMPDIR'];

/** Where the keeper of a workspace is found. */
export interface KeeperPaths {
  /** The workspace's root. */
  workspace: string;
  /** 0700, ours. */
  folder: string;
  socket: string;
  /** Held by the keeper while it lives. */
  lock: string;
  /** Held by who starts one. */
  startLock: string;
  /** The keeper's own errors. */
  log: string;
}

/** @throws SeamkitError `FOLDER_UNUSABLE` */
export function keeperPaths(workspace: string): KeeperPaths {
  const relevant = Object.entries(process.env)
    .filter(([name]) => environment.some((prefix) => name.startsWith(prefix)))
    .sort();
  const id = createHash('sha256')
    .update(JSON.stringify([realpathSync(workspace), version, __dirname, relevant]))
    .digest('hex')
    .slice(0, 12);
  const folder = ownFolder(join(stateFolder(), id));
  const at = (name: string) => join(folder, name);
  return {
    workspace: realpathSync(workspace),
    folder,
    socket: at('socket'),
    lock: at('lock'),
    startLock: at('start-lock'),
    log: at('keeper.log'),
  };
}
