import { randomInt } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Answer, Question } from './answer';

/** Answers a question, or says how to fail it. */
export type Answering = (question: Question) => Promise<Answer | 'cut'>;

/** A real server on 127.0.0.1, which can stop listening and come back on the same port. */
export class Listener {
  readonly port: number;
  readonly #answering: Answering;
  readonly #sockets = new Set<Socket>();
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
  }

  async restart(): Promise<void> {
    if (!this.#server) this.#adopt(await listen(this.port));
  }

  /** Ends the connections that still wait for an answer, and the idle ones. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #adopt(server: Server): void {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {}); // a client may leave as it likes
    });
    server.on('request', (request, response) => this.#serve(request, response));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const answer = await this.#answering(await read(request));
      if (answer === 'cut') return void request.socket.resetAndDestroy();
      response.writeHead(answer.status, answer.headers).end(answer.body);
    } catch (error) {
      if (response.headersSent || response.destroyed) return;
      const reason = error instanceof Error ? error.message : String(error);
      response.writeHead(500, { 'content-type': 'text/plain' }).end(`${reason}\n`);
    }
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ keepAliveTimeout: 0 });
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
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
