import { connect } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';

/** ms that a connection has to stay open. The engine accepts for a container that listens not yet, and closes. */
const patience = 500;

/** Whether somebody serves a TCP port: greets, or at least keeps the connection. */
export function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    // From another loopback address, or it could connect to itself where nobody listens.
    const localAddress =
      process.platform === 'linux' && host === '127.0.0.1' ? '127.0.0.2' : undefined;
    const socket = connect({ host, port, localAddress });
    let timer: NodeJS.Timeout | undefined;
    const done = (answer: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => {
      timer = setTimeout(() => done(true), patience);
    });
    socket.once('data', () => done(true));
    for (const event of ['error', 'end', 'close']) socket.once(event, () => done(false));
  });
}
