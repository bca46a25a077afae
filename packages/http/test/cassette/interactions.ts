import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { Interaction } from '@seamkit/http';

type Headers = Record<string, string | string[]>;

/** An interaction as a test writes it: bodies that are no text or bytes are JSON. */
export function interaction(
  method: string,
  url: string,
  request: { headers?: Headers; body?: unknown } = {},
  response: { status?: number; headers?: Headers; body?: unknown } = {},
): Interaction {
  return {
    request: { method, url, ...message(request) },
    response: { status: response.status ?? 200, ...message(response) },
  };
}

function message({ headers = {}, body }: { headers?: Headers; body?: unknown }) {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((item): [string, string] => [name, item]),
  );
  const text = typeof body === 'string' || Buffer.isBuffer(body) || body === undefined;
  if (!text && !pairs.some(([name]) => name.toLowerCase() === 'content-type')) {
    pairs.push(['Content-Type', 'application/json']);
  }
  const bytes = Buffer.from(text ? ((body ?? '') as string) : JSON.stringify(body));
  const coding = pairs.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1];
  return { headers: pairs, body: pack[coding ?? 'identity']!(bytes) };
}

const pack: Record<string, (bytes: Buffer) => Buffer> = {
  identity: (bytes) => bytes,
  gzip: gzipSync,
  br: brotliCompressSync,
  deflate: deflateSync,
};
