import { clearTimeout, setTimeout } from 'node:timers';
import { SeamkitError } from '@seamkit/core';
import { compareSubset } from './matcher';

/** As a socket of `ws` gives it. */
type Data = Buffer | ArrayBuffer | Buffer[];

/** What goes over a WebSocket: text, bytes, or anything else as JSON. */
export type Message = string | Uint8Array | object;

export interface Deadline {
  /** ms. Default 5,000. */
  timeout?: number;
}

/** What is needed of a socket of `ws`: our types show none of its own, which users may lack. */
interface OpenSocket {
  on(event: string, listener: (...args: any[]) => void): unknown;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
}

/** One end of an open WebSocket. Messages are kept until they are asked for. */
export class WebSocketPeer {
  /** From the path: `/rooms/:id` gives `{ id }`. Empty on the client's side. */
  readonly params: Record<string, string>;
  readonly #socket: OpenSocket;
  readonly #unread: unknown[] = [];
  readonly #received: unknown[] = [];
  readonly #wake = new Set<() => void>();
  #closed?: { code: number; reason: string };

  constructor(socket: OpenSocket, params: Record<string, string> = {}) {
    this.params = params;
    this.#socket = socket;
    socket.on('message', (data: Data, binary: boolean) => {
      const message = decode(data, binary);
      this.#received.push(message);
      this.#unread.push(message);
      this.#notify();
    });
    socket.on('close', (code: number, reason: Buffer) => {
      this.#closed = { code, reason: reason.toString() };
      this.#notify();
    });
    socket.on('error', () => {}); // the close that follows tells
  }

  send(message: Message): void {
    const raw = typeof message === 'string' || ArrayBuffer.isView(message);
    this.#socket.send(raw ? (message as string | Uint8Array) : JSON.stringify(message));
  }

  /** All messages so far: bytes as a Buffer, JSON objects and lists parsed, other text as it is. */
  received(): readonly unknown[] {
    return [...this.#received];
  }

  /**
   * The next message that was not taken yet. Rejects with `TIMEOUT` at the deadline, with
   * `EXPECTATION_FAILED` where the connection is closed first. One at a time.
   */
  async next({ timeout = 5_000 }: Deadline = {}): Promise<any> {
    await this.#until(
      () => this.#unread.length > 0 || this.#closed !== undefined,
      timeout,
      'message',
    );
    if (this.#unread.length > 0) return this.#unread.shift();
    throw new SeamkitError('EXPECTATION_FAILED', `no message: ${this.#ending()}`);
  }

  /** The next message, which must contain `expected` as a route's `body` does; else `EXPECTATION_FAILED`. */
  async expect(expected: unknown, deadline?: Deadline): Promise<any> {
    const message = await this.next(deadline);
    const difference = compareSubset('message', expected, message);
    if (difference === undefined) return message;
    throw new SeamkitError('EXPECTATION_FAILED', `another message came: ${difference}`);
  }

  /** Not for tests: as if no message had come. */
  forget(): void {
    this.#unread.length = 0;
    this.#received.length = 0;
  }

  /** Says good-bye, with a code (default 1000) and a reason. */
  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }

  /** Drops the connection without a word: the other end sees code 1006. */
  terminate(): void {
    this.#socket.terminate();
  }

  /** Code and reason, once the connection is closed. Rejects with `TIMEOUT` at the deadline. */
  async closed({ timeout = 5_000 }: Deadline = {}): Promise<{ code: number; reason: string }> {
    await this.#until(() => this.#closed !== undefined, timeout, 'close');
    return this.#closed!;
  }

  #ending(): string {
    const { code, reason } = this.#closed!;
    return `the connection was closed with code ${code}${reason && ` (${reason})`}`;
  }

  #notify(): void {
    for (const wake of this.#wake) wake();
  }

  #until(holds: () => boolean, timeout: number, what: string): Promise<void> {
    return waitUntil(holds, this.#wake, timeout, () => {
      return new SeamkitError('TIMEOUT', `no ${what} on the WebSocket within ${timeout} ms`);
    });
  }
}

/**
 * Opens a WebSocket as a client. Rejects with `SERVER_UNREACHABLE` where the server refuses, and
 * with `TIMEOUT` after `timeout` ms (default 5,000).
 */
export async function openWebSocket(
  url: string,
  { headers, protocols = [], timeout = 5_000 }: OpenOptions = {},
): Promise<WebSocketPeer> {
  const { WebSocket } = require('ws') as typeof import('ws');
  const address = url.replace(/^http/, 'ws');
  const socket = new WebSocket(address, [...protocols], { headers, handshakeTimeout: timeout });
  const peer = new WebSocketPeer(socket); // before the first message can come
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (error) => {
      const late = /handshake has timed out/.test(error.message);
      const code = late ? 'TIMEOUT' : 'SERVER_UNREACHABLE';
      reject(SeamkitError.wrap(error, code, `no WebSocket at ${address}`));
    });
  });
  return peer;
}

export interface OpenOptions extends Deadline {
  headers?: Record<string, string>;
  protocols?: readonly string[];
}

export function decode(data: Data, binary: boolean): unknown {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
  if (binary) return bytes;
  const text = bytes.toString();
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function waitUntil(
  holds: () => boolean,
  wakers: Set<() => void>,
  timeout: number,
  late: () => SeamkitError,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      wakers.delete(look);
      settle();
    };
    const look = () => {
      if (holds()) end(resolve);
    };
    const timer = setTimeout(() => end(() => reject(late())), timeout);
    wakers.add(look);
    look();
  });
}
