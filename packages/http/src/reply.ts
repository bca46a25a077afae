import { SeamkitError } from '@seamkit/core';
import type { Call } from './call';
import type { HttpResponse } from './interaction';

/** An answer as a test writes it. */
export interface Reply {
  /** Default 200. */
  status?: number;
  headers?: Readonly<Record<string, string | number | readonly string[]>>;
  /** Text and bytes are sent as they are; anything else as JSON. Default: empty. */
  body?: unknown;
}

/** Computes an answer. What it throws is answered with 500 and fails the test. */
export type ReplyFunction = (call: Call) => Reply | Promise<Reply>;

/** @throws SeamkitError `OPTION_INVALID` */
export function encodeReply(reply: Reply): HttpResponse {
  if (typeof reply !== 'object' || reply === null) {
    throw refused(`a reply is an object, not ${String(reply)}`, 'use { status, headers, body }');
  }
  for (const name of Object.keys(reply)) {
    if (['status', 'headers', 'body'].includes(name)) continue;
    throw refused(`a reply has no member '${name}'`, 'use { status, headers, body }');
  }
  const { status = 200, headers = {}, body } = reply;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw refused(`${String(status)} is no status of an answer`, 'use one from 200 to 599');
  }
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    for (const item of Array.isArray(value) ? value : [value]) pairs.push([name, String(item)]);
  }
  const { bytes, type } = encodeBody(body);
  if (type && !pairs.some(([name]) => name.toLowerCase() === 'content-type')) {
    pairs.push(['content-type', type]);
  }
  return { status, headers: pairs, body: bytes };
}

function encodeBody(body: unknown): { bytes: Buffer; type?: string } {
  if (body === undefined) return { bytes: Buffer.alloc(0) };
  if (typeof body === 'string') {
    return { bytes: Buffer.from(body), type: 'text/plain; charset=utf-8' };
  }
  if (ArrayBuffer.isView(body)) {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    return { bytes, type: 'application/octet-stream' };
  }
  try {
    return { bytes: Buffer.from(JSON.stringify(body)), type: 'application/json' };
  } catch (error) {
    throw SeamkitError.wrap(error, 'OPTION_INVALID', 'a reply has a body that is no JSON');
  }
}

function refused(summary: string, hint: string): SeamkitError {
  return new SeamkitError('OPTION_INVALID', summary, { hint });
}
