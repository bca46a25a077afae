import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { SeamkitError } from '../errors';
import type { Calls } from '../keeper/api';
import { clearLock, tryLock } from '../keeper/lock';
import { type KeeperPaths, keeperPaths } from '../keeper/paths';
import { isAlive } from '../keeper/process-identity';
import type { Hello, Notice, SessionRequest, Status } from '../keeper/protocol';
import { requireOpenFiles } from '../open-files';
import { unwritable } from '../private-folder';
import { findProject } from '../workspace';
import { runner } from './run';

/** ms; the last keeper may have containers to stop before the next one can begin. */
const startDeadline = 60_000;
const pollInterval = 10;

/** A process' connection to its workspace's keeper. While it is open, what it leased is its own. */
export class KeeperSession {
  private constructor(
    private readonly socket: string,
    private readonly stream: IncomingMessage,
    readonly id: string,
    /** The run's name. */
    readonly owner: string,
  ) {}

  /**
   * Connects, and starts the keeper first where none runs; of many who do so at once, one does.
   * @throws SeamkitError `KEEPER_FAILED`, `FOLDER_UNUSABLE`
   */
  static async open(workspace: string, onNotice: (notice: string) => void): Promise<KeeperSession> {
    const started = runner();
    if (started && !isAlive(started)) throw noRunner();
    const paths = keeperPaths(workspace);
    const deadline = performance.now() + startDeadline;
    for (;;) {
      const session = await KeeperSession.connect(paths.socket, onNotice);
      if (session) return session;
      if (performance.now() > deadline) throw noKeeper(paths);
      await startKeeper(workspace, paths, deadline).catch((error) => {
        throw unwritable(paths.folder, error);
      });
    }
  }

  private static async connect(
    socket: string,
    onNotice: (notice: string) => void,
  ): Promise<KeeperSession | undefined> {
    const request: SessionRequest = { runner: runner() };
    const stream = await send(socket, '/session', request).catch(unlessAbsent);
    if (!stream) return undefined;
    const lines = createInterface({ input: stream });
    lines.on('error', () => {}); // readline passes on the stream's; 'close' says enough
    const hello = await new Promise<Hello | undefined>((resolve) => {
      lines.on('line', (line) => {
        const told = JSON.parse(line) as Hello | Notice;
        if ('notice' in told) onNotice(told.notice);
        else resolve(told);
      });
      stream.once('close', () => resolve(undefined));
      stream.once('error', () => resolve(undefined));
    });
    if (!hello) return undefined; // it was just closing
    stream.on('error', () => {});
    stream.socket.unref(); // a finished run is not kept waiting
    return new KeeperSession(socket, stream, hello.session, hello.owner);
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
    return call(this.socket, path, request, () => this.close());
  }

  close(): void {
    this.stream.destroy();
  }
}

/** What the keeper of a workspace has, or undefined where none runs. Starts nothing. */
export async function keeperStatus(workspace: string): Promise<Status | undefined> {
  return statusAt(keeperPaths(workspace).socket);
}

/** As `keeperStatus`, of the keeper at a socket. */
export async function statusAt(socket: string): Promise<Status | undefined> {
  return call(socket, '/status', null).catch((error) => unlessAbsent(error.cause));
}

/**
 * A call outside of any session. `onGone` is told where nobody answers any more.
 * @throws SeamkitError what the keeper answered, or `KEEPER_FAILED`
 */
export async function call<Path extends keyof Calls>(
  socket: string,
  path: Path,
  body: Calls[Path][0],
  onGone = () => {},
): Promise<Calls[Path][1]> {
  let status: number | undefined;
  let answer: string;
  try {
    const response = await send(socket, path, body ?? undefined);
    status = response.statusCode;
    answer = await text(response);
  } catch (error) {
    onGone();
    throw new SeamkitError('KEEPER_FAILED', 'the keeper is gone', {
      cause: error,
      hint: 'run the tests again: the next run starts a new one',
    });
  }
  const value = JSON.parse(answer);
  if (status !== 200) throw SeamkitError.fromData(value);
  return value;
}

/** A call whose answer is a stream. */
export function send(socket: string, path: string, body?: unknown): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const call = request(
      { socketPath: socket, path, method: 'POST', headers, agent: false },
      resolve,
    );
    call.once('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function unlessAbsent(error: NodeJS.ErrnoException | undefined): undefined {
  if (['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error?.code ?? ''))
    return undefined;
  throw error;
}

async function startKeeper(workspace: string, paths: KeeperPaths, deadline: number): Promise<void> {
  requireOpenFiles();
  const unlock = tryLock(paths.startLock);
  if (!unlock) return void (await delay(pollInterval)); // somebody else does
  try {
    if (await isListening(paths.socket)) return;
    const log = openSync(paths.log, 'w', 0o600);
    const main = join(__dirname, '../keeper/main.js');
    const child = spawn(process.execPath, [main, workspace, findProject()], {
      cwd: dirname(paths.folder),
      detached: true,
      stdio: ['ignore', log, log],
      env: keeperEnvironment(),
    });
    closeSync(log);
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
    while (!(await isListening(paths.socket))) {
      if (ending === 'failed' || performance.now() > deadline) {
        clearLock(paths.lock); // of one that was killed before it had a leash
        throw noKeeper(paths, failure);
      }
      // It has served others and closed before we looked, or left that to one that has closed since.
      if (ending) return;
      await delay(pollInterval);
    }
  } finally {
    unlock();
  }
}

/** What was meant for the runner's own Node (inspectors, loaders, coverage) is not for the keeper's. */
function keeperEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('NODE_') || name === 'NODE_EXTRA_CA_CERTS',
  );
  return Object.fromEntries(kept);
}

async function isListening(socket: string): Promise<boolean> {
  try {
    const response = await send(socket, '/status');
    response.resume();
    return true;
  } catch {
    return false;
  }
}

/** A worker that was left behind starts nothing more: nobody would wait for it. */
function noRunner(): SeamkitError {
  return new SeamkitError('KEEPER_FAILED', 'the runner of this test is gone', {
    hint: 'run the tests again',
  });
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
