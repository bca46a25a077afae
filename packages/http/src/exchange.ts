import type { ServerResponse } from 'node:http';
import { constants, type Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';
import type { Failure } from './failure';
import type { HttpRequest, HttpResponse } from './interaction';
import { encodeReply } from './reply';

/** One request on the wire that waits for its answer, or for what a failing server does instead. */
export class Exchange {
  readonly request: HttpRequest;
  readonly #response: ServerResponse;
  /** The TCP connection, below TLS where there is any. */
  readonly #socket: Socket;
  #timer?: NodeJS.Timeout;
  #ended = false;

  constructor(request: HttpRequest, response: ServerResponse, socket: Socket) {
    this.request = request;
    this.#response = response;
    this.#socket = socket;
  }

  /** Called once, when the answer is out or the client has left. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  /** Closes the connection (FIN). */
  drop(): void {
    this.#socket.destroy();
  }

  /** Sends `response`, the way `failure` says. Does nothing where the client has left. */
  send(response: HttpResponse, failure?: Failure): void {
    if (this.#ended || this.#response.destroyed) return;
    if (!failure) {
      this.#head(response);
      this.#response.end(response.body);
      return;
    }
    switch (failure.kind) {
      case 'status': {
        const { status = 500 } = failure;
        this.send(encodeReply({ status, body: { error: `status ${status}` } }));
        break;
      }
      case 'rate-limit': {
        const headers = { 'retry-after': String(failure.retryAfter ?? 1) };
        const body = { error: 'too many requests' };
        this.send(encodeReply({ status: 429, headers, body }));
        break;
      }
      case 'slow-first-byte':
        this.#after(failure.delay, () => this.send(response));
        break;
      case 'slow-body':
        this.#head(response);
        this.#trickle(response.body, failure.bytesPerSecond);
        break;
      case 'truncated': {
        const { body } = response;
        this.#head(response);
        const part = body.subarray(0, failure.bytes ?? Math.floor(body.length / 2));
        // An empty write is never flushed, so the headers go out by themselves.
        if (part.length === 0) this.#response.flushHeaders();
        this.#response.write(part, () => this.drop());
        break;
      }
      case 'wrong-length': {
        const length = Math.max(0, response.body.length + (failure.by ?? -1));
        this.#head(response, length);
        this.#response.write(response.body);
        break;
      }
      case 'malformed-json': {
        const text = response.body.toString().trimEnd();
        const body = Buffer.from(/^[[{"]/.test(text) ? text.slice(0, -1) : '{"error":');
        this.send({ ...response, body });
        break;
      }
      case 'invalid-http':
        this.#sayNonsense();
        break;
      case 'close':
        this.drop();
        break;
      case 'reset':
        this.#socket.resetAndDestroy();
        break;
      case 'never-answer':
        break;
    }
  }

  #head({ status, headers, body }: HttpResponse, length = body.length): void {
    // To HEAD, the length is that of a body which is not sent, so it is the test's to say.
    const own = this.request.method === 'HEAD' && length === 0;
    const kept = headers.filter(([name]) => {
      const key = name.toLowerCase();
      return !ofTheConnection.has(key) && (own || key !== 'content-length');
    });
    if (!own && !bodiless(status)) kept.push(['content-length', String(length)]);
    if ('stream' in this.#response) {
      for (const [name, values] of grouped(kept)) this.#response.setHeader(name, values);
      this.#response.writeHead(status);
    } else this.#response.writeHead(status, kept.flat());
  }

  #trickle(body: Buffer, bytesPerSecond: number): void {
    // At most 50 pieces a second; below that, a byte at a time.
    const piece = Math.max(1, Math.floor(bytesPerSecond / 50));
    const pause = (piece / bytesPerSecond) * 1_000;
    let sent = 0;
    const next = () => {
      const part = body.subarray(sent, sent + piece);
      sent += part.length;
      if (sent >= body.length) this.#response.end(part);
      else {
        this.#response.write(part);
        this.#after(pause, next);
      }
    };
    this.#response.flushHeaders();
    this.#after(pause, next);
  }

  #sayNonsense(): void {
    const { stream } = this.#response as unknown as Partial<Http2ServerResponse>;
    if (stream) stream.session?.goaway(constants.NGHTTP2_PROTOCOL_ERROR);
    else this.#response.socket?.end('this is not HTTP\r\n\r\n');
  }

  #after(delay: number, act: () => void): void {
    this.#timer = setTimeout(() => {
      if (!this.#ended) act();
    }, delay);
  }
}

/** Headers that speak of one connection; this one has its own. */
const ofTheConnection = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

function bodiless(status: number): boolean {
  return status === 204 || status === 304;
}

/** HTTP/2 wants all values of a name at once. */
function grouped(pairs: readonly [string, string][]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  return groups;
}
