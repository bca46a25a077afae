import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Server as HttpServer } from 'node:http';
import { join } from 'node:path';
import { clearTimeout, setInterval, setTimeout } from 'node:timers';
import { setTimeout as delay } from 'node:timers/promises';
import { startLeash } from '../protocol/detached';
import { listens } from '../protocol/listens';
import type { KeeperPaths } from '../protocol/paths';
import { signInterval } from '../protocol/silence';
import { dataRoot, makeDataRoot } from '../runtime/data-folder';
import { ifThere, Ledger, removeFolder } from '../system/ledger';
import { clearLock, tryLock } from '../system/lock';
import { identify, isAlive } from '../system/process-identity';
import { millisecondsOf } from '../variables';
import { createApi } from './api';
import type { OwnModules } from './own-modules';
import { Servers } from './servers';
import { Sessions } from './sessions';

/** ms that a keeper stays after the last process that used it, so that the next package or run finds it warm. */
const lingerDefault = 3_000;
/** ms between two looks for processes that used it. */
const usersInterval = 250;
/** ms that it waits for its first session, however short it is to linger. */
const firstSession = 3_000;

/** Runs a workspace's keeper until nobody needs it. Returns at once if another one already does. */
export async function runKeeper(paths: KeeperPaths, modules: OwnModules): Promise<void> {
  const unlock = await takeOver(paths);
  if (!unlock) return;

  const owner = randomBytes(4).toString('hex');
  const run = join(paths.folder, `run-${owner}`);
  await sweepDeadRuns(paths.folder);
  let closing = false;
  let leash = newLeash(); // before there is anything to remove
  setInterval(() => leash.stdin!.write('.'), signInterval).unref();
  mkdirSync(run, { mode: 0o700 });
  writeFileSync(join(run, 'keeper'), identify(process.pid)!);
  const ledger = new Ledger(join(run, 'ledger'));

  const data = dataRoot(owner);
  ledger.add({ kind: 'folder', path: data });
  makeDataRoot(data);
  const servers = new Servers(owner, ledger, data, modules);
  const sessions = new Sessions({
    ended: (session) => servers.drop(session),
    idle: linger,
    busy: stay,
  });
  const api = createApi({
    workspace: paths.workspace,
    owner,
    servers,
    sessions,
    close: () => void close(),
  });
  await listen(api, paths.socket);

  const lingerMs = millisecondsOf('SEAMKIT_LINGER', lingerDefault);
  let timer = setTimeout(() => void close(), Math.max(firstSession, lingerMs));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void close());
  process.on('SIGHUP', () => {});

  function linger(): void {
    clearTimeout(timer);
    timer = sessions.hasUsers
      ? setTimeout(linger, usersInterval)
      : setTimeout(() => void close(), lingerMs);
  }

  function stay(): void {
    clearTimeout(timer);
  }

  async function close(): Promise<void> {
    if (closing) return;
    closing = true;
    stay();
    rmSync(paths.socket, { force: true });
    api.close();
    api.closeAllConnections();
    await servers.stopAll();
    // What could not be removed now, an engine being away, the leash goes on with.
    if (await ledger.sweep()) removeFolder(run);
    rmSync(paths.log, { force: true });
    clearLock(paths.startLock);
    unlock!();
    leash.stdin!.end();
    process.exit(0);
  }

  /** Without a leash nothing may run: a dead one is replaced. */
  function newLeash(): ChildProcess {
    const child = startLeash(paths, run, identify(process.pid)!, {
      stdin: 'pipe',
      dyingTime: 120_000,
    });
    child.stdin!.on('error', () => {});
    child.once('exit', () => {
      if (!closing) leash = newLeash();
    });
    return child;
  }
}

/** The keeper's lock, once the last keeper has gone; undefined where one serves. */
async function takeOver(paths: KeeperPaths): Promise<(() => void) | undefined> {
  for (;;) {
    const unlock = tryLock(paths.lock);
    if (unlock) return unlock;
    if (await listens(paths.socket)) return undefined;
    await delay(10); // it is starting, or stopping its servers
  }
}

/**
 * What earlier keepers left, where neither they nor their leashes could clean up. A leash may be
 * at it at this very moment.
 */
async function sweepDeadRuns(folder: string): Promise<void> {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith('run-')) continue;
    const run = join(folder, name);
    const keeper = ifThere(() => readFileSync(join(run, 'keeper'), 'utf8'));
    if (keeper !== undefined && isAlive(keeper)) continue;
    const swept = await new Ledger(join(run, 'ledger')).sweep();
    if (swept) removeFolder(run);
  }
}

function listen(api: HttpServer, socket: string): Promise<void> {
  removeSocket(socket); // a dead keeper's: the lock is ours
  return new Promise((resolve, reject) => {
    api.once('error', reject);
    api.listen(socket, () => {
      chmodSync(socket, 0o600);
      resolve();
    });
  });
}

/**
 * Not by `rmSync`, which looks at the file first: once the last `stat` of a process was a socket's,
 * Node's `require` no longer resolves links (its realpath takes the path so far for that socket), so
 * packages of pnpm miss their dependencies.
 */
function removeSocket(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
