import type { Interaction } from '../interaction';
import { type Body, contentType, readBody, redactBody, writeBody } from './body';
import type { Headers } from './content';
import { redactHeaders, redactUrl } from './redact-message';
import type { Redactor } from './redactor';

/** An interaction as a cassette holds it: read by people, without secrets. */
export interface Entry {
  request: { method: string; url: string; headers?: HeaderMap } & Body;
  response: { status: number; headers?: HeaderMap } & Body;
}

/** Names in lower case; a list where a header comes more than once. */
export type HeaderMap = Record<string, string | string[]>;

/** Of one connection only, or told by the body itself, or new each time. */
const dropped = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'date',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * An interaction without secrets, decoded. Nothing of the original is kept.
 * @throws SeamkitError `UNSUPPORTED` where a body cannot be unpacked
 */
export function toEntry({ request, response }: Interaction, redactor: Redactor): Entry {
  return {
    request: toRequestEntry(request, redactor),
    response: {
      status: response.status,
      ...toHeaderMap(redactHeaders(redactor, response.headers)),
      ...redactBody(redactor, readBody(response)),
    },
  };
}

export function toRequestEntry(
  { method, url, headers, body }: Interaction['request'],
  redactor: Redactor,
): Entry['request'] {
  return {
    method: method.toUpperCase(),
    url: redactUrl(redactor, url),
    ...toHeaderMap(redactHeaders(redactor, headers)),
    ...redactBody(redactor, readBody({ headers, body })),
  };
}

/** Sorted by name: an order that says nothing should not show in a diff. */
function toHeaderMap(headers: Headers): { headers?: HeaderMap } {
  const map = new Map<string, string | string[]>();
  const sorted = headers
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(([name]) => !dropped.has(name) && !name.startsWith(':'))
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  for (const [name, value] of sorted) {
    const before = map.get(name);
    const text = name === 'content-type' ? contentType(value) : value;
    map.set(name, before === undefined ? text : [before, text].flat());
  }
  return map.size > 0 ? { headers: Object.fromEntries(map) } : {};
}

export function fromHeaderMap(map: HeaderMap = {}): Headers {
  return Object.entries(map).flatMap(([name, value]) =>
    [value].flat().map((item): [string, string] => [name, String(item)]),
  );
}

/** What is replayed. */
export function fromEntry({ request, response }: Entry): Interaction {
  return {
    request: {
      method: request.method,
      url: request.url,
      headers: fromHeaderMap(request.headers),
      body: writeBody(request),
    },
    response: {
      status: response.status,
      headers: fromHeaderMap(response.headers),
      body: writeBody(response),
    },
  };
}
