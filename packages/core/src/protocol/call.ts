import { type IncomingMessage, request } from 'node:http';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SeamkitError } from '../errors';
import { print } from '../print';
import { readOwner } from '../system/lock';
import { endByIdentity, pidOf } from '../system/process-identity';
import type { Calls, Status } from './messages';
import { bodyLimit, tooLarge } from './requests';
import { watchSilence } from './silence';

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
  const sent = body ? JSON.stringify(body) : undefined;
  if (sent && Buffer.byteLength(sent) > bodyLimit) throw tooLarge(path);
  let status: number | undefined;
  let answer: string;
  try {
    [status, answer] = await unlessSilent(socket, async (signal) => {
      const response = await send(socket, path, sent, signal);
      return [response.statusCode, await text(response)];
    });
  } catch (error) {
    onGone();
    throw SeamkitError.wrap(error, 'KEEPER_FAILED', 'the keeper is gone', {
      hint: 'run the tests again: the next run starts a new one',
    });
  }
  const value = JSON.parse(answer);
  if (status !== 200) throw SeamkitError.fromData(value);
  return value;
}

/** What the keeper at a socket has, or undefined where none runs. Starts nothing. */
export async function statusAt(socket: string): Promise<Status | undefined> {
  return call(socket, '/status', null).catch((error) => unlessAbsent(error.cause ?? error));
}

/**
 * A call whose answer is a stream. `body` is JSON. Takes as long as the keeper takes: for one that may
 * be silent, see `unlessSilent`.
 */
export function send(
  socket: string,
  path: string,
  body?: string,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const call = request(
      { socketPath: socket, path, method: 'POST', headers, agent: false, signal },
      resolve,
    );
    call.once('error', reject);
    call.end(body);
  });
}

export function unlessAbsent(error: NodeJS.ErrnoException | undefined): undefined {
  if (isAbsence(error)) return undefined;
  throw error;
}

/** Sockets of keepers that somebody has read about, while they are silent. */
const told = new Set<string>();

/**
 * Waits for `work`, a call to the keeper at `socket`, for as long as that keeper gives signs of life:
 * a download may take minutes. One that gives none is ended, since it keeps others waiting, too; its
 * leash clears up, and the next session starts another.
 * @throws SeamkitError `KEEPER_FAILED` where it was ended
 */
export async function unlessSilent<R>(
  socket: string,
  work: (signal: AbortSignal) => Promise<R>,
): Promise<R> {
  const keeper = () => readOwner(join(dirname(socket), 'lock'));
  const pid = () => pidOf(keeper() ?? '') ?? 'unknown';
  const abort = new AbortController();
  let asking = false;
  let silence!: ReturnType<typeof watchSilence>;
  const lost = new Promise<never>((_, reject) => {
    silence = watchSilence(keeper, {
      ask() {
        if (asking) return;
        asking = true;
        send(socket, '/status', undefined, abort.signal)
          .then((response) => response.resume())
          .then(silence.heard, (error) => {
            // It has gone, and the call ends by itself.
            if (isAbsence(error)) silence.heard();
          })
          .finally(() => {
            asking = false;
          });
      },
      told() {
        if (told.has(socket)) return;
        told.add(socket);
        print(
          'warn',
          `waiting for the keeper (process ${pid()}), which does not answer; it is ended after 20 s`,
        );
      },
      over() {
        const error = isSilent(pid());
        const identity = keeper();
        if (identity) endByIdentity(identity);
        reject(error);
      },
    });
  });
  try {
    return await Promise.race([work(abort.signal), lost]);
  } finally {
    silence.stop();
    told.delete(socket);
    abort.abort();
  }
}

function isAbsence(error: NodeJS.ErrnoException | undefined): boolean {
  return ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(error?.code ?? '');
}

function isSilent(pid: number | string): SeamkitError {
  return new SeamkitError(
    'KEEPER_FAILED',
    `the keeper (process ${pid}) did not answer, and was ended with its servers`,
    { hint: 'run the tests again: the next run starts a new one' },
  );
}
