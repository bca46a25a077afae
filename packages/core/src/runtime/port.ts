import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { SeamkitError } from '../errors';
import type { Ledger } from '../system/ledger';
import { tryLock } from '../system/lock';
import { stateFolder } from '../system/private-folder';

// Below the range that the system gives to clients, so that no client's own port is in the way.
const lowest = 20_000;
const highest = 32_000;
const attempts = 200;

/**
 * A TCP port on 127.0.0.1 that nobody listens on, locked against this user's other keepers until
 * `release`. The lock is in the ledger before it is taken. @throws SeamkitError `START_FAILED`
 */
export async function freePort(ledger: Ledger): Promise<{ port: number; release(): void }> {
  const locks = join(stateFolder(), 'ports');
  mkdirSync(locks, { recursive: true, mode: 0o700 });
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(lowest, highest);
    const lock = join(locks, String(port));
    const strike = ledger.add({ kind: 'lock', path: lock });
    const unlock = tryLock(lock);
    const release = () => {
      unlock?.();
      strike();
    };
    if (unlock && (await isFree(port))) return { port, release };
    release();
  }
  throw new SeamkitError('START_FAILED', `no free port found in ${lowest}–${highest}`, {
    hint: 'see what listens there: ss -ltn',
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () =>
      server.close(() => resolve(true)),
    );
  });
}
