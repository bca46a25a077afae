import { request } from 'node:http';
import type { HttpRequest, HttpResponse } from './interaction';
import { connectForReal } from './reach';

/** Sends a request to the server it was meant for, over HTTP/1.1. Rejects with the network's error. */
export function forward({ method, url, headers, body }: HttpRequest): Promise<HttpResponse> {
  const { protocol, hostname, host, port, pathname, search } = new URL(url);
  const secure = protocol === 'https:';
  const name = hostname.replace(/^\[|\]$/g, '');
  const kept = headers.filter(([header]) => !ofTheConnection.has(header.toLowerCase()));
  kept.push(['host', host], ['connection', 'close']);
  if (body.length > 0) kept.push(['content-length', String(body.length)]);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      method,
      path: pathname + search,
      headers: kept.flat(),
      createConnection: () => connectForReal(name, Number(port) || (secure ? 443 : 80), secure),
    });
    outgoing.on('error', reject);
    outgoing.on('response', (message) => {
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.on('error', reject);
      message.on('end', () => {
        const pairs: [string, string][] = [];
        for (let index = 0; index < message.rawHeaders.length; index += 2) {
          pairs.push([message.rawHeaders[index]!, message.rawHeaders[index + 1]!]);
        }
        const status = message.statusCode ?? 0;
        resolve({ status, headers: pairs, body: Buffer.concat(chunks) });
      });
    });
    outgoing.end(body);
  });
}

const ofTheConnection = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
