import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

import type { Endpoint } from '@seamkit/core';

/** A way to a server that counts what goes over it. */
export interface Wire {
  /** The server's, with all its urls by this way. */
  endpoint: Endpoint;
  /** Round trips so far: how often a client has spoken after the server had, or first. */
  roundTrips(): number;
  close(): Promise<void>;
}

/** Connects any number of clients to a server, whatever ports it has. */
export async function wireTo(endpoint: Endpoint): Promise<Wire> {
  const ways = new Map<string, Way>();
  for (const [name, value] of Object.entries(endpoint)) {
    if (typeof value !== 'string' || !URL.canParse(value) || !new URL(value).port) continue;
    ways.set(name, await wayTo(value));
  }
  const urls = Object.fromEntries([...ways].map(([name, { url }]) => [name, url]));
  return {
    endpoint: { ...endpoint, ...urls },
    roundTrips: () => [...ways.values()].reduce((sum, way) => sum + way.roundTrips(), 0),
    async close() {
      for (const way of ways.values()) await way.close();
    },
  };
}

interface Way extends Pick<Wire, 'roundTrips' | 'close'> {
  url: string;
}

/** Passes bytes on as they come. */
async function wayTo(url: string): Promise<Way> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((client) => {
    const target = connect(Number(port), hostname);
    let answered = true;
    client.on('data', () => {
      if (answered) count++;
      answered = false;
    });
    target.on('data', () => {
      answered = true;
    });
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => sockets.delete(socket));
    }
    client.pipe(target).pipe(client);
    client.once('close', () => target.destroy());
    target.once('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const here = new URL(url);
  here.hostname = '127.0.0.1';
  here.port = String((server.address() as AddressInfo).port);
  return {
    url: here.href,
    roundTrips: () => count,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
