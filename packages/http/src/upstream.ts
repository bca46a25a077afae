import { request } from 'node:http';
import { clearTimeout, setTimeout } from 'node:timers';
import { decodeContent } from './cassette/content';
import type { HttpRequest, HttpResponse } from './interaction';
import { connectForReal } from './reach';

/**
 * Asks the real server once, past all sandboxes, and unpacks its answer; redirects are not followed.
 * @param timeout ms that the answer may take, its body included
 */
export async function ask(request: HttpRequest, timeout = 10_000): Promise<HttpResponse> {
  const abort = new AbortController();
  const late = new Error(`no answer within ${timeout} ms`);
  const timer = setTimeout(() => abort.abort(), timeout);
  try {
    const { status, headers, body } = await forward(request, abort.signal);
    const kept = headers.filter(([name]) => name.toLowerCase() !== 'content-encoding');
    return { status, headers: kept, body: decodeContent(headers, body) };
  } catch (error) {
    throw abort.signal.aborted ? late : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Sends a request to the server it was meant for, over HTTP/1.1. Rejects with the network's error. */
export function forward(
  { method, url, headers, body }: HttpRequest,
  signal?: AbortSignal,
): Promise<HttpResponse> {
  const { protocol, hostname, host, port, pathname, search } = new URL(url);
  const secure = protocol === 'https:';
  const name = hostname.replace(/^\[|\]$/g, '');
  const kept = headers.filter(([header]) => !ofTheConnection.has(header.toLowerCase()));
  kept.push(['host', host], ['connection', 'close']);
  if (body.length > 0) kept.push(['content-length', String(body.length)]);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      method,
      signal,
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

/** With the code of the network's error, which `fetch` hides in the cause. */
export function reasonOf(error: unknown): string {
  const { message, code, cause } = error as NodeJS.ErrnoException & {
    cause?: NodeJS.ErrnoException;
  };
  const more = code ?? cause?.code ?? cause?.message;
  return more && !message.includes(more) ? `${message}: ${more}` : message;
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
