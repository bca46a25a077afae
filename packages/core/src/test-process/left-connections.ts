import { Socket } from 'node:net';

interface Suspect {
  test: string;
  /** Of its test, among those of the file. */
  turn: number;
  /** How much it had carried when its test ended. */
  bytes: number;
}

/**
 * Connections that tests leave open. A pool's are made during some test as well, and live on; but
 * later tests use them. What no later test used is its test's leak.
 *
 * Looks at the sockets of this process, so it costs no round trip, and sees nothing of a service
 * that runs in a process of its own.
 */
export class LeftConnections {
  /** Undefined: made outside of tests, or used by more than one of them. */
  private readonly seen = new WeakMap<Socket, Suspect | undefined>();
  private tests = 0;

  /** A test begins: what is connected now, hooks made. */
  begin(): void {
    for (const socket of openSockets()) {
      if (!this.seen.has(socket)) this.seen.set(socket, undefined);
    }
  }

  end(test: string | undefined): void {
    this.tests += 1;
    for (const socket of openSockets()) {
      const bytes = socket.bytesRead + socket.bytesWritten;
      if (!this.seen.has(socket)) {
        this.seen.set(socket, { test: test ?? `test ${this.tests}`, turn: this.tests, bytes });
      } else if (this.seen.get(socket)?.bytes !== bytes) {
        this.seen.set(socket, undefined);
      }
    }
  }

  /**
   * Those still open to one of the ports, by the test that made them; asked for once all tests are
   * over and the kits' own clients closed. The last test's are left out: nothing came after it that
   * could have used them, and hooks may yet close them.
   */
  to(port: number): Map<string, number> {
    const left = new Map<string, number>();
    for (const socket of openSockets()) {
      const suspect = this.seen.get(socket);
      if (!suspect || socket.remotePort !== port || suspect.turn === this.tests) continue;
      left.set(suspect.test, (left.get(suspect.test) ?? 0) + 1);
    }
    return left;
  }
}

/** There is no public way to them; where Node no longer has this one, no leak is named. */
function openSockets(): Socket[] {
  const { _getActiveHandles: handles } = process as { _getActiveHandles?: () => unknown[] };
  return (handles?.() ?? []).filter(
    (handle): handle is Socket =>
      handle instanceof Socket && !!handle.remotePort && !handle.writableEnded,
  );
}
