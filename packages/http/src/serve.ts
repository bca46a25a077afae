import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SeamkitError } from '@seamkit/core';
import { Client } from './client';
import { type FetchHandler, fetchListener } from './fetch-listener';
import { type OpenOptions, openWebSocket, type WebSocketPeer } from './web-socket';

/** What `serve` takes, by shape: no framework is imported. */
export type App =
  | ((request: IncomingMessage, response: ServerResponse) => unknown) // Express, node:http
  | Server
  | FastifyLike
  | { callback(): (request: IncomingMessage, response: ServerResponse) => unknown } // Koa
  | { fetch: FetchHandler }; // Hono and others

interface FastifyLike {
  server: Server;
  listen(options: { port: number; host: string }): Promise<unknown>;
  close(): unknown;
}

/** A service that listens. */
export interface Served {
  /** Without a slash at the end: `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly client: Client;
  /** Opens a WebSocket to the service; as `openWebSocket`. */
  webSocket(path: string, options?: OpenOptions): Promise<WebSocketPeer>;
  /** Ends the listener and its connections, and closes a Fastify app. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts an app on a port of 127.0.0.1 that the system chooses: one listener, however many
 * requests. A listener that is never closed does not keep the process alive.
 * @throws SeamkitError `OPTION_INVALID` for what is no app; else whatever the app throws on start
 */
export async function serve(app: App): Promise<Served> {
  const { server, end } = await listen(app);
  server.unref();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let ended: Promise<void> | undefined;
  const close = () => {
    ended ??= end();
    return ended;
  };
  return {
    url,
    client: new Client(url),
    webSocket: (path, options) => openWebSocket(url + path, options),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function listen(app: App): Promise<{ server: Server; end(): Promise<void> }> {
  if (isFastify(app)) {
    await app.listen({ port: 0, host: '127.0.0.1' });
    const end = async () => {
      app.server.closeAllConnections();
      await app.close();
    };
    return { server: app.server, end };
  }
  const server = serverOf(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const end = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { server, end };
}

function isFastify(app: App): app is FastifyLike {
  return typeof app === 'object' && 'server' in app && 'listen' in app && 'close' in app;
}

function serverOf(app: Exclude<App, FastifyLike>): Server {
  if (typeof app === 'function') return createServer(app);
  if (app && 'callback' in app) return createServer(app.callback());
  if (app && 'fetch' in app) return createServer(fetchListener((request) => app.fetch(request)));
  if (app && 'closeAllConnections' in app) return app;
  throw new SeamkitError('OPTION_INVALID', 'serve() does not know this kind of app', {
    hint: 'pass a Fastify, Express, Koa or Hono app, an http.Server, or (request, response) => …',
  });
}
