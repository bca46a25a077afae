import type { Socket } from 'node:net';
import { clearInterval, setInterval } from 'node:timers';

/** ms between two looks at a connection that has been written to. */
const tick = 50;
/** ms that what was written may take to be answered; some of it never is. */
const patience = 5_000;

/**
 * Lets a process end though a kit's own connection is open: it keeps the process only while an answer
 * is due, from each write until 50 ms after the last byte that came, and at most 5 s without one.
 */
export function letProcessEnd(socket: Socket): void {
  let timer: NodeJS.Timeout | undefined;
  const awake = () => {
    if (timer) return;
    let quiet = 0;
    let [read, written] = [socket.bytesRead, socket.bytesWritten];
    let answered = false;
    // The timer keeps the process, never the socket.
    timer = setInterval(() => {
      if (socket.bytesWritten !== written) answered = false;
      if (socket.bytesRead !== read) answered = true;
      const moved = socket.bytesRead !== read || socket.bytesWritten !== written;
      [read, written] = [socket.bytesRead, socket.bytesWritten];
      quiet = moved ? 0 : quiet + tick;
      if (!socket.destroyed && quiet < (answered ? tick : patience)) return;
      clearInterval(timer);
      timer = undefined;
    }, tick);
  };
  const write = socket.write;
  socket.write = function (this: Socket, ...args: Parameters<typeof write>) {
    awake();
    return write.apply(this, args);
  } as typeof write;
  socket.unref();
}
