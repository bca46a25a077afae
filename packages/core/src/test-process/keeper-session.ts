import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { SeamkitError } from '../errors';
import { print } from '../print';
import { findProject } from '../project/workspace';
import { call, send, statusAt, unlessAbsent, unlessSilent } from '../protocol/call';
import { startDetached } from '../protocol/detached';
import { listens } from '../protocol/listens';
import type { Calls, Hello, Notice, SessionRequest, Status } from '../protocol/messages';
import { type KeeperPaths, keeperPaths } from '../protocol/paths';
import { watchSilence } from '../protocol/silence';
import { clearLock, readOwner, tryLock } from '../system/lock';
import { requireOpenFiles } from '../system/open-files';
import { unwritable } from '../system/private-folder';
import { endByIdentity, identify, isStopped } from '../system/process-identity';
import { isLeftBehind, isWorkerOfBun, runner } from './current-run';
import { LostKeeper } from './lost-keeper';

/** ms; the last keeper may have containers to stop before the next one can begin. */
const startDeadline = 60_000;
/** ms until a person reads that a keeper is still being waited for. */
const toldAfter = 5_000;
const pollInterval = 10;

/** A process' connection to its workspace's keeper. While it is open, what it leased is its own. */
export class KeeperSession {
  private readonly loss: LostKeeper;

  private constructor(
    private readonly paths: KeeperPaths,
    private readonly stream: IncomingMessage,
    readonly id: string,
    /** The run's name. */
    readonly owner: string,
  ) {
    this.loss = new LostKeeper(paths, owner);
    stream.once('close', () => this.loss.isGone());
  }

  /**
   * Connects, and starts the keeper first where none runs; of many who do so at once, one does.
   * @throws SeamkitError `KEEPER_FAILED`, `FOLDER_UNUSABLE`
   */
  static async open(workspace: string, onNotice: (notice: string) => void): Promise<KeeperSession> {
    if (isLeftBehind()) throw noRunner();
    const deadline = performance.now() + startDeadline;
    for (;;) {
      const paths = keeperPaths(workspace);
      try {
        const session = await KeeperSession.connect(paths, onNotice);
        if (session) return session;
        if (performance.now() > deadline) throw noKeeper(paths);
        await startKeeper(workspace, paths, deadline);
      } catch (error) {
        // The last keeper's leash has just taken the folder away, as nothing was in it yet.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
        throw unwritable(paths.folder, error);
      }
    }
  }

  private static async connect(
    paths: KeeperPaths,
    onNotice: (notice: string) => void,
  ): Promise<KeeperSession | undefined> {
    const begin = async () => {
      const request: SessionRequest = { runner: runner() };
      const stream = await send(paths.socket, '/session', JSON.stringify(request));
      stream.on('error', () => {}); // 'close' says enough
      const lines = createInterface({ input: stream });
      lines.on('error', () => {}); // readline passes on the stream's
      const hello = await new Promise<Hello | undefined>((resolve) => {
        lines.on('line', (line) => {
          const told = JSON.parse(line) as Hello | Notice;
          if ('notice' in told) onNotice(told.notice);
          else resolve(told);
        });
        stream.once('close', () => resolve(undefined));
      });
      if (!hello) return undefined; // it was just closing
      stream.socket.unref(); // a finished run is not kept waiting
      return new KeeperSession(paths, stream, hello.session, hello.owner);
    };
    return unlessSilent(paths.socket, begin).catch((error) => {
      // Silent, and ended: another is started in its place.
      return error instanceof SeamkitError ? undefined : unlessAbsent(error);
    });
  }

  get alive(): boolean {
    return !this.stream.destroyed && !this.stream.readableEnded;
  }

  /** @throws SeamkitError what the keeper answered, or `KEEPER_FAILED` where it is gone */
  async call<Path extends keyof Calls>(
    path: Path,
    body: Omit<NonNullable<Calls[Path][0]>, 'session'>,
  ): Promise<Calls[Path][1]> {
    const request = { ...body, session: this.id } as unknown as Calls[Path][0];
    return call(this.paths.socket, path, request, () => {
      this.loss.isGone();
      this.stream.destroy();
    });
  }

  close(): void {
    if (this.loss.isDead) this.loss.isGone();
    else this.loss.forget();
    this.stream.destroy();
  }
}

/** What the keeper of a workspace has, or undefined where none runs. Starts nothing. */
export async function keeperStatus(workspace: string): Promise<Status | undefined> {
  return statusAt(keeperPaths(workspace).socket);
}

async function startKeeper(workspace: string, paths: KeeperPaths, deadline: number): Promise<void> {
  if (isWorkerOfBun()) throw endsWithWorker();
  requireOpenFiles();
  const unlock = tryLock(paths.startLock);
  // Somebody else does; who is stopped will not come to it.
  if (!unlock && !isStopped(readOwner(paths.startLock) ?? '')) {
    return void (await delay(pollInterval));
  }
  let silence: ReturnType<typeof watchSilence> | undefined;
  try {
    if (await listens(paths.socket)) return;
    const log = openSync(paths.log, 'w', 0o600);
    const child = startDetached('main', [workspace, findProject()], paths, ['ignore', log, log]);
    closeSync(log);
    silence = watchStart(paths, child.pid);
    const began = performance.now();
    let told = false;
    let ending: 'failed' | 'in good order' | undefined;
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
      ending = 'failed';
    });
    child.once('exit', (code) => {
      ending = code === 0 ? 'in good order' : 'failed';
    });
    child.unref();
    while (!(await listens(paths.socket))) {
      if (ending === 'failed' || performance.now() > deadline) {
        clearLock(paths.lock); // of one that was killed before it had a leash
        throw noKeeper(paths, failure);
      }
      // It has served others and closed before we looked, or left that to one that has closed since.
      if (ending) return;
      if (!told && performance.now() - began > toldAfter) {
        told = true;
        print('warn', 'waiting for the keeper to start; the last one may be stopping its servers');
      }
      await delay(pollInterval);
    }
  } finally {
    silence?.stop();
    unlock?.();
  }
}

/** Before it listens, a keeper that is stopped can be known by that alone. */
function watchStart(paths: KeeperPaths, pid: number | undefined): ReturnType<typeof watchSilence> {
  const started = pid === undefined ? undefined : identify(pid);
  const stopped = () => [started, readOwner(paths.lock)].find((one) => one && isStopped(one));
  const silence = watchSilence(stopped, {
    ask: () => stopped() || silence.heard(),
    over: () => endByIdentity(stopped() ?? ''),
  });
  return silence;
}

/** A worker that was left behind starts nothing more: nobody would wait for it. */
function noRunner(): SeamkitError {
  return new SeamkitError('KEEPER_FAILED', 'the runner of this test is gone', {
    hint: 'run the tests again',
  });
}

/** Bun ends all that a worker has started when that worker ends, detached or not. */
function endsWithWorker(): SeamkitError {
  return new SeamkitError(
    'KEEPER_FAILED',
    'bun test --parallel would end the servers together with the worker that starts them',
    { hint: 'start them before the tests: npx seamkit up; or leave out --parallel' },
  );
}

function noKeeper(paths: KeeperPaths, cause?: Error): SeamkitError {
  // A full disk has kept it from writing, its log too.
  probe(paths.folder);

  let log: string[] = [];
  try {
    log = readFileSync(paths.log, 'utf8').split('\n').filter(Boolean).slice(-20);
    if (log.length === 0) rmSync(paths.log, { force: true }); // nobody else would
  } catch {
    // It never came so far.
  }
  const details = {
    log,
    hint: 'the log lines say why; if there are none, run again with SEAMKIT_LOG=debug',
  };
  const summary = 'the keeper did not start';
  return cause
    ? SeamkitError.wrap(cause, 'KEEPER_FAILED', summary, details)
    : new SeamkitError('KEEPER_FAILED', summary, details);
}

/** Writes as much as a keeper's ledger takes, and removes it. */
function probe(folder: string): void {
  const file = join(folder, `probe-${process.pid}`);
  try {
    writeFileSync(file, Buffer.alloc(16_384), { mode: 0o600 });
  } finally {
    rmSync(file, { force: true });
  }
}
