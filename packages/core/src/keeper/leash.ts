import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Ledger } from './ledger';
import { tryLock } from './lock';

/**
 * The keeper's leash: a process that does nothing but hold one end of a pipe. When the keeper is
 * gone, however it died, the pipe closes, and everything in its ledger goes too.
 *
 * Arguments: the run's folder, the keeper's socket and lock.
 */
async function main(run: string, socket: string, lock: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  await new Promise((resolve) => process.stdin.on('data', () => {}).on('close', resolve));
  await new Ledger(join(run, 'ledger')).sweep();
  rmSync(run, { recursive: true, force: true });
  // The socket is the next keeper's, if there is one already.
  const free = tryLock(lock);
  if (!free) return;
  rmSync(socket, { force: true });
  free();
}

const [run, socket, lock] = process.argv.slice(2);
void main(run!, socket!, lock!);
