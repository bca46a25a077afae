import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from '@seamkit/core';
import { http, openCassette } from '@seamkit/http';

/** Something that answers `GET <url>/item/<n>` with a small JSON body, for n below `routes`. */
export interface Contestant {
  url: string;
  /** One request, answered and read to the end. */
  ask(path: string): Promise<string>;
  close(): Promise<unknown> | void;
}

export type Start = (routes: number) => Promise<Contestant>;

const origin = 'http://api.example';
const bodyOf = (n: number) => ({ id: n, name: `item ${n}`, tags: ['a', 'b'] });
const paths = (routes: number) => Array.from({ length: routes }, (_, n) => `/item/${n}`);

/** node:http with connections that are kept: what most services' clients come down to. */
export function nodeClient(url: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (path: string) =>
    new Promise<string>((resolve, reject) => {
      get(url + path, { agent }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text) => {
          body += text;
        });
        response.on('end', () => resolve(body));
      }).on('error', reject);
    });
  return { url, ask, end: () => agent.destroy() };
}

/** A bare server, with nothing to find and nothing to remember. */
async function bareServer() {
  const body = JSON.stringify(bodyOf(0));
  const server = createServer((_, response) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    response.writeHead(200, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url, close };
}

export const bare: Start = async () => {
  const server = await bareServer();
  const { url, ask, end } = nodeClient(server.url);
  const close = () => {
    end();
    server.close();
  };
  return { url, ask, close };
};

export const bareUndici: Start = async () => {
  const server = await bareServer();
  const { Pool } = await import('undici');
  const pool = new Pool(server.url, { connections: 1 });
  const ask = async (path: string) => (await pool.request({ method: 'GET', path })).body.text();
  const close = async () => {
    await pool.destroy();
    server.close();
  };
  return { url: server.url, ask, close };
};

export const stub: Start = async (routes) => {
  const prepare = (api: import('@seamkit/http').HttpMembers) => {
    for (const [n, path] of paths(routes).entries()) api.get(path).reply(200, bodyOf(n));
  };
  const env = await open({ api: http({ prepare }) });
  const { url, ask, end } = nodeClient(env.api.url);
  const close = () => {
    end();
    return env.close();
  };
  return { url, ask, close };
};

/** Replay answers each interaction once, so there are as many as will be asked for. */
export const replay =
  (times: number): Start =>
  async (routes) => {
    const folder = mkdtempSync(join(tmpdir(), 'seamkit-bench-'));
    const file = join(folder, 'cassette.yaml');
    const cassette = await openCassette({ file, mode: 'refresh' });
    for (let round = 0; round < Math.ceil(times / routes); round++) {
      for (const [n, path] of paths(routes).entries()) {
        const headers: [string, string][] = [['content-type', 'application/json']];
        const body = Buffer.from(JSON.stringify(bodyOf(n)));
        cassette.record({
          request: { method: 'GET', url: origin + path, headers: [], body: Buffer.alloc(0) },
          response: { status: 200, headers, body },
        });
      }
    }
    await cassette.save();
    const env = await open({
      api: http({ origins: [origin], cassette: { file, mode: 'replay' } }),
    });
    const { url, ask, end } = nodeClient(env.api.url);
    const close = async () => {
      end();
      await env.close();
      rmSync(folder, { recursive: true });
    };
    return { url, ask, close };
  };

export const msw: Start = async (routes) => {
  const { http: rest, HttpResponse } = await import('msw');
  const { setupServer } = await import('msw/node');
  const handlers = paths(routes).map((path, n) =>
    rest.get(origin + path, () => HttpResponse.json(bodyOf(n))),
  );
  const server = setupServer(...handlers);
  server.listen({ onUnhandledRequest: 'error' });
  const { url, ask } = nodeClient(origin);
  return { url, ask, close: () => server.close() };
};

export const nock: Start = async (routes) => {
  const { default: intercept } = await import('nock');
  const scope = intercept(origin).persist();
  for (const [n, path] of paths(routes).entries()) scope.get(path).reply(200, bodyOf(n));
  const { url, ask } = nodeClient(origin);
  return { url, ask, close: () => intercept.restore() };
};

export const mockAgent: Start = async (routes) => {
  const { MockAgent } = await import('undici');
  const agent = new MockAgent();
  agent.disableNetConnect();
  const pool = agent.get(origin);
  for (const [n, path] of paths(routes).entries()) {
    pool.intercept({ path }).reply(200, bodyOf(n)).persist();
  }
  const ask = async (path: string) => (await pool.request({ method: 'GET', path })).body.text();
  return { url: origin, ask, close: () => agent.close() };
};

export const mockttp: Start = async (routes) => {
  const { getLocal } = await import('mockttp');
  const server = getLocal();
  await server.start();
  for (const [n, path] of paths(routes).entries())
    await server.forGet(path).thenJson(200, bodyOf(n));
  const { url, ask, end } = nodeClient(server.url);
  const close = () => {
    end();
    return server.stop();
  };
  return { url, ask, close };
};
