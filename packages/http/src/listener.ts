import * as http from 'node:http';
import * as http2 from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';
import type { Certificate } from './certificate';
import { Exchange } from './exchange';
import type { HttpRequest } from './interaction';

export interface ListenerOptions {
  /** Makes it a TLS listener, for HTTP/2 and HTTP/1.1. Without one: HTTP/1.1 in plain. */
  certificate?: Certificate;
  /** The origin that the client meant, by the authority it sent. */
  origin(authority: string, secure: boolean): string;
  /** Must not throw. */
  onExchange(exchange: Exchange): void;
  /** A request for an upgrade, of which nothing is read yet. */
  onUpgrade(
    request: HttpRequest,
    message: http.IncomingMessage,
    socket: Socket,
    head: Buffer,
  ): void;
}

/** One real server on 127.0.0.1, on a port that the system chose. */
export class Listener {
  readonly port: number;
  readonly #server: http.Server | http2.Http2SecureServer;
  /** By the client's port: TLS hides the connection below it, and a reset needs that one. */
  readonly #sockets: Map<number, Socket>;
  readonly #exchanges: Set<Exchange>;

  private constructor(
    server: http.Server | http2.Http2SecureServer,
    sockets: Map<number, Socket>,
    exchanges: Set<Exchange>,
  ) {
    this.#server = server;
    this.#sockets = sockets;
    this.#exchanges = exchanges;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(options: ListenerOptions): Promise<Listener> {
    const { certificate } = options;
    const secure = certificate !== undefined;
    // A stub that hangs up on an idle client would only add races, so no time limit of any kind.
    const limits = { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 };
    const server = certificate
      ? http2.createSecureServer({ ...certificate, ...limits, allowHTTP1: true })
      : http.createServer(limits);
    const sockets = new Map<number, Socket>();
    const exchanges = new Set<Exchange>();

    // A sandbox that a failing test left open must not keep its process alive: who waits, the
    // client, does so with a connection of its own.
    server.unref();
    server.on('connection', (socket: Socket) => {
      socket.unref();
      const port = socket.remotePort ?? 0;
      sockets.set(port, socket);
      socket.on('error', () => {}); // a client may leave as it likes
      socket.once('close', () => sockets.delete(port));
    });
    const listen = server.on.bind(server) as http.Server['on'];
    listen('request', (message, response) => {
      const socket = sockets.get(message.socket.remotePort ?? 0);
      if (!socket) return; // gone already
      const request = describe(message, secure, options);
      const open = () => {
        const exchange = new Exchange(request, response, socket);
        exchanges.add(exchange);
        response.once('close', () => {
          exchanges.delete(exchange);
          exchange.end();
        });
        options.onExchange(exchange);
      };
      if (!hasBody(message)) {
        open();
        return;
      }
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.once('end', () => {
        request.body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
        open();
      });
      message.on('error', () => {}); // the client gave up before it had sent all
    });
    listen('upgrade', (message, socket, head) => {
      options.onUpgrade(describe(message, secure, options), message, socket as Socket, head);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new Listener(server, sockets, exchanges);
  }

  /** Cuts the connections of calls that are not answered to the end. Others stay open. */
  dropUnanswered(): void {
    for (const exchange of this.#exchanges) exchange.drop();
  }

  /**
   * Closes all connections, then the port. Waits for the clients to notice: the pool of a client
   * would otherwise send its next request, meant for the next sandbox, into a dead connection.
   */
  async close(): Promise<void> {
    await Promise.all([...this.#sockets.values()].map(hangUp));
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets.values()) socket.destroy();
    await closed;
  }
}

/** Closes our side, and resolves once the client has closed its own; cuts it off after 200 ms. */
function hangUp(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const patience = setTimeout(() => socket.destroy(), 200);
    socket.once('close', () => {
      clearTimeout(patience);
      resolve();
    });
    socket.end();
  });
}

const none = Buffer.alloc(0);

function describe(
  message: http.IncomingMessage,
  secure: boolean,
  { origin }: ListenerOptions,
): HttpRequest {
  const { rawHeaders, headers, method = '', url = '/' } = message;
  const authority = (headers[':authority'] as string | undefined) ?? headers.host ?? '';
  const pairs: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (!name.startsWith(':')) pairs.push([name, rawHeaders[index + 1]!]);
  }
  if (headers.host === undefined) pairs.unshift(['host', authority]);
  const absolute = url.startsWith('/') ? origin(authority, secure) + url : url;
  return { method, url: absolute, headers: pairs, body: none };
}

function hasBody(message: http.IncomingMessage): boolean {
  const { stream } = message as unknown as Partial<http2.Http2ServerRequest>;
  if (stream) return !stream.endAfterHeaders;
  const { headers } = message;
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}
