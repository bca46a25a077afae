import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { HttpRequest, HttpResponse } from './interaction';

/** One request that reached the sandbox, as a test wants to see it. Parts are decoded when asked for. */
export class Call {
  readonly method: string;
  /** Absolute, as the client meant it. */
  readonly url: string;
  /** Without the query, as sent. */
  readonly path: string;
  /** From the path of the route that matched: `/users/:id` gives `{ id }`. */
  params: Record<string, string> = {};
  /** The route that matched, as `GET /users/:id`; undefined for an unmatched call. */
  route?: string;
  /** How many calls this route had, this one included; 0 for an unmatched call. */
  number = 0;
  /** What was answered; undefined until then, and where a failure kept it from being sent. */
  response?: HttpResponse;
  /** The request itself: headers in order, body as sent. */
  readonly request: HttpRequest;

  #query?: Record<string, string | string[]>;
  #headers?: Record<string, string>;
  #text?: string;
  #json?: { value: unknown };

  constructor(request: HttpRequest) {
    this.request = request;
    this.method = request.method;
    this.url = request.url;
    const start = request.url.indexOf('/', request.url.indexOf('://') + 3);
    const end = request.url.indexOf('?', start);
    this.path = start < 0 ? '/' : request.url.slice(start, end < 0 ? undefined : end);
  }

  /** Scheme, host and port: `https://api.stripe.com`. */
  get origin(): string {
    return new URL(this.url).origin;
  }

  /** Decoded; a parameter that came more than once is a list. */
  get query(): Record<string, string | string[]> {
    this.#query ??= fields(this.url.split('?')[1] ?? '');
    return this.#query;
  }

  /** Names in lower case; values that came more than once joined by `, `. */
  get headers(): Record<string, string> {
    if (!this.#headers) {
      this.#headers = {};
      for (const [name, value] of this.request.headers) {
        const key = name.toLowerCase();
        const before = this.#headers[key];
        this.#headers[key] = before === undefined ? value : `${before}, ${value}`;
      }
    }
    return this.#headers;
  }

  /** The body as text: gzip, deflate and br undone, UTF-8. */
  get text(): string {
    this.#text ??= decompress(this.request.body, this.headers['content-encoding']).toString();
    return this.#text;
  }

  /** The body parsed as JSON, whatever its content type; undefined where it is not JSON. */
  get json(): any {
    if (!this.#json) {
      try {
        this.#json = { value: JSON.parse(this.text) };
      } catch {
        this.#json = { value: undefined };
      }
    }
    return this.#json.value;
  }

  /** The fields of an `application/x-www-form-urlencoded` body; undefined for any other. */
  get form(): Record<string, string | string[]> | undefined {
    return this.headers['content-type']?.startsWith('application/x-www-form-urlencoded')
      ? fields(this.text)
      : undefined;
  }

  /** `POST https://api.stripe.com/v1/charges`. */
  toString(): string {
    return `${this.method} ${this.url}`;
  }
}

function fields(encoded: string): Record<string, string | string[]> {
  const all: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(encoded)) {
    const before = Object.hasOwn(all, name) ? all[name] : undefined;
    all[name] = before === undefined ? value : ([before, value].flat() as string[]);
  }
  return all;
}

const decoders: Record<string, (body: Buffer) => Buffer> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/** What cannot be decoded is returned as it is: a stub must be able to receive nonsense. */
function decompress(body: Buffer, encoding = ''): Buffer {
  let decoded = body;
  const codings = encoding
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding && coding !== 'identity');
  for (const coding of codings.reverse()) {
    const decode = decoders[coding];
    if (!decode) return body;
    try {
      decoded = decode(decoded);
    } catch {
      return body;
    }
  }
  return decoded;
}
