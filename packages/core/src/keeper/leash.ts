import { rmdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { lostMark } from '../protocol/detached';
import { watchSilence } from '../protocol/silence';
import { Ledger, removeFolder } from '../system/ledger';
import { clearLock, tryLock } from '../system/lock';
import { endByIdentity, isAlive } from '../system/process-identity';

/** ms that it goes on for an engine that is away; then that is left to the next keeper. */
const patience = 120_000;
const pause = 500;
/** ms for the starter of a keeper to read its log. */
const reading = 1_000;

/**
 * The keeper's leash: a process that does nothing but hold one end of a pipe. When the keeper is
 * gone, however it died, the pipe closes, and everything in its ledger goes too. A keeper that no
 * longer writes into the pipe is stopped or hangs; it is ended.
 *
 * Arguments: the run's folder, the keeper's socket, lock and log, its starter's lock, the keeper's
 * identity, and the ms that it may take to be gone once its pipes are.
 */
async function main(
  run: string,
  socket: string,
  lock: string,
  log: string,
  startLock: string,
  keeper: string,
  dyingTime: string,
): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  const silence = watchSilence(() => keeper, { over: () => endByIdentity(keeper) });
  const { stdin } = process;
  await new Promise((resolve) =>
    stdin.on('data', silence.heard).on('end', resolve).on('close', resolve),
  );
  silence.stop();
  // A dying process closes its pipes some time before it is gone, with the locks it holds.
  const late = performance.now() + Number(dyingTime);
  while (isAlive(keeper)) {
    // What is listed is still its own; there may be another time for it to be lost.
    if (performance.now() > late) return rmSync(lostMark(run), { force: true });
    await delay(10);
  }
  const ledger = new Ledger(join(run, 'ledger'));
  const end = performance.now() + patience;
  let swept = await ledger.sweep();
  if (swept) removeFolder(run);
  // What a keeper that failed has said is for its starter to read.
  if (statSync(log, { throwIfNoEntry: false })?.size) await delay(reading);
  // The socket is the next keeper's, if there is one already.
  const free = tryLock(lock);
  if (free) {
    rmSync(socket, { force: true });
    rmSync(log, { force: true });
    clearLock(startLock);
    free();
    removeIfEmpty(dirname(lock));
  }
  while (!swept && performance.now() < end) {
    await delay(pause);
    swept = await ledger.sweep();
    if (swept) removeFolder(run);
  }
}

/** Not where somebody starts the next keeper. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It stays for who is in it.
  }
}

void main(...(process.argv.slice(2) as Parameters<typeof main>));
