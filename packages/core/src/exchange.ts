import { connect } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';

/** Engines publish on ports that the system gives out; servers of ours listen below those. */
const engineLowest = 32_768;

/**
 * Connects to 127.0.0.1:`port` (or `host`), sends `hello` if given, and resolves to the first bytes
 * that come back. For readiness probes in `server.ts`, which has no client library. Rejects on
 * refusal, on close without an answer, and after `timeout` ms (default 2,000).
 */
export function exchange(
  port: number,
  hello?: string | Uint8Array,
  { host = '127.0.0.1', timeout = 2_000 } = {},
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // From another loopback address: a poll of a port that nobody listens on yet could otherwise be
    // given that very port as its own, connect to itself, and keep it from the server. Not to a
    // container's, which its engine holds from the first: Podman's rules know 127.0.0.1 alone.
    const ourProcess = port < engineLowest && host === '127.0.0.1';
    const localAddress = process.platform === 'linux' && ourProcess ? '127.0.0.2' : undefined;
    const socket = connect({ port, host, localAddress, noDelay: true });
    const timer = setTimeout(
      () => fail(new Error(`no answer from port ${port} in ${timeout} ms`)),
      timeout,
    );
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    socket.once('connect', () => hello !== undefined && socket.write(hello));
    socket.once('data', (data) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(data);
    });
    socket.once('error', fail);
    socket.once('close', () => fail(new Error(`port ${port} closed without an answer`)));
  });
}
