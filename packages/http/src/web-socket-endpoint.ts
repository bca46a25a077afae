import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { SeamkitError } from '@seamkit/core';
import type { RawData, WebSocketServer } from 'ws';
import type { Call } from './call';
import { matchPath, type PathPattern, parsePath, splitPath } from './path';
import { type Deadline, decode, type Message, WebSocketPeer, waitUntil } from './web-socket';

/** What answers a message, if anything does. */
type AnswerFunction = (message: any, peer: WebSocketPeer) => Message | undefined | void;

/** Where each connection is: a reset may give it to the endpoint that takes another's place. */
const places = new WeakMap<WebSocketPeer, WebSocketEndpoint>();

/** What a test gets from `webSocket('/path')`. */
export class WebSocketEndpoint {
  /** As the test wrote it. */
  readonly path: string;
  readonly #pattern: PathPattern;
  readonly #peers: WebSocketPeer[] = [];
  readonly #wake = new Set<() => void>();
  #answer?: AnswerFunction;
  #taken = 0;
  /** What the baseline has of these. */
  #sealed: { peers: number; answer?: AnswerFunction; taken: number } = {
    peers: 0,
    taken: 0,
  };

  /** @throws SeamkitError `OPTION_INVALID` */
  constructor(path: string) {
    this.path = path;
    this.#pattern = parsePath(path);
  }

  /** All connections so far, closed ones included. */
  peers(): readonly WebSocketPeer[] {
    return [...this.#peers];
  }

  /** The next connection that was not taken yet. Rejects with `TIMEOUT` at the deadline (ms, default 5,000). */
  async connection({ timeout = 5_000 }: Deadline = {}): Promise<WebSocketPeer> {
    const place = this.#taken++;
    await waitUntil(
      () => this.#peers.length > place,
      this.#wake,
      timeout,
      () => {
        this.#taken--;
        return new SeamkitError('TIMEOUT', `nobody connected to ${this.path} within ${timeout} ms`);
      },
    );
    return this.#peers[place]!;
  }

  /** Sends to every open connection. */
  broadcast(message: Message): void {
    for (const peer of this.#peers) peer.send(message);
  }

  /** Answers each message with what the function returns, if it returns anything. */
  reply(answer: AnswerFunction): this {
    this.#answer = answer;
    return this;
  }

  /** Not for tests: the parameters, where a call is for this endpoint. */
  match(call: Call): Record<string, string> | undefined {
    const { origin } = this.#pattern;
    if (origin && origin !== call.origin) return undefined;
    return matchPath(this.#pattern, splitPath(call.path));
  }

  /** Not for tests: takes a request for an upgrade. */
  accept(message: IncomingMessage, socket: Socket, head: Buffer, params: Record<string, string>) {
    acceptor().handleUpgrade(message, socket, head, (open) => {
      const peer = new WebSocketPeer(open, params);
      open.on('message', (data: RawData, binary: boolean) => {
        const answer = places.get(peer)!.#answer?.(decode(data, binary), peer);
        if (answer !== undefined) peer.send(answer);
      });
      this.#add(peer);
      for (const wake of this.#wake) wake();
    });
  }

  #add(peer: WebSocketPeer): void {
    places.set(peer, this);
    this.#peers.push(peer);
  }

  /** Not for tests: its connections are those of the baseline, and so is its answer. */
  seal(): void {
    this.#sealed = { peers: this.#peers.length, answer: this.#answer, taken: this.#taken };
    this.rewind();
  }

  /** Not for tests: whether anybody connected or sent since, or answers in another way. */
  get changed(): boolean {
    const { peers, answer } = this.#sealed;
    const heard = this.#peers.some((peer) => peer.received().length > 0);
    return heard || this.#peers.length > peers || this.#answer !== answer;
  }

  /** Not for tests: drops the connections that came later, and forgets all messages. */
  rewind(): void {
    const { peers, answer, taken } = this.#sealed;
    for (const peer of this.#peers.splice(peers)) peer.terminate();
    for (const peer of this.#peers) peer.forget();
    this.#answer = answer;
    this.#taken = taken;
  }

  /** Not for tests: takes the place of one that is rewound, with its connections. */
  replace(former: WebSocketEndpoint): void {
    for (const peer of former.#peers.splice(0)) this.#add(peer);
    this.#sealed = { ...former.#sealed, answer: this.#answer };
    this.#taken = former.#sealed.taken;
  }

  /** Not for tests: drops all connections. */
  close(): void {
    for (const peer of this.#peers) peer.terminate();
  }
}

let server: WebSocketServer | undefined;

/** Loaded for those who use it. */
function acceptor(): WebSocketServer {
  const { WebSocketServer } = require('ws') as typeof import('ws');
  server ??= new WebSocketServer({ noServer: true });
  return server;
}
