import { randomInt } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import type { Answer, Question } from './answer';

/** Answers a question, or says how to fail it. */
export type Answering = (question: Question) => Promise<Answer | 'cut'>;

/** A real server on 127.0.0.1, which can stop listening and come back on the same port. */
export class Listener {
  readonly port: number;
  readonly #answering: Answering;
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<Socket>();
  #server: Server | undefined;

  private constructor(port: number, server: Server, answering: Answering) {
    this.port = port;
    this.#answering = answering;
    this.#adopt(server);
  }

  static async start(answering: Answering): Promise<Listener> {
    for (let attempt = 1; ; attempt++) {
      // Below the range that the system gives to outgoing connections, so that nobody is given the
      // port while the issuer is down.
      const port = randomInt(20_000, 32_768);
      try {
        return new Listener(port, await listen(port), answering);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === 50) throw error;
      }
    }
  }

  /** No port, no connections: whoever connects is refused. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await noticed();
  }

  /** Resolves to whether it had stopped. */
  async restart(): Promise<boolean> {
    if (this.#server) return false;
    this.#adopt(await listen(this.port));
    return true;
  }

  /** Ends the connections that still wait for an answer. Idle ones may be in a client's pool. */
  async dropUnanswered(): Promise<void> {
    for (const socket of this.#waiting) socket.destroy();
    await noticed();
  }

  #adopt(server: Server): void {
    this.#server = server;
    server.on('connection', (socket) => {
      socket.unref();
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {}); // a client may leave as it likes
    });
    server.on('request', (request, response) => this.#serve(request, response));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    this.#waiting.add(socket);
    response.once('close', () => this.#waiting.delete(socket));
    try {
      const answer = await this.#answering(await read(request));
      if (answer === 'cut') return void socket.resetAndDestroy();
      response.writeHead(answer.status, answer.headers).end(answer.body);
    } catch (error) {
      if (response.headersSent || response.destroyed) return;
      const reason = error instanceof Error ? error.message : String(error);
      response.writeHead(500, { 'content-type': 'text/plain' }).end(`${reason}\n`);
    }
  }
}

/** A client in this process learns of an ended connection in its next turns; till then it would use it. */
async function noticed(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await setImmediate();
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ keepAliveTimeout: 0 });
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server.unref())); // who waits is its client
  });
}

async function read(request: IncomingMessage): Promise<Question> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const body = await text(request);
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  const params = isForm
    ? new URLSearchParams([...url.searchParams, ...new URLSearchParams(body)])
    : url.searchParams;
  return { method: request.method ?? 'GET', url, headers: request.headers, params };
}
