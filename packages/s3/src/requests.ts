import { createHash } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { sign } from 'aws4';
import type { Access } from './access';

// The test may replace the global one, and a server refuses what was not signed just now.
const RealDate = Date;

/** How a connection fails that the other side has closed. */
const gone = new Set<string | undefined>(['ECONNRESET', 'EPIPE']);

export interface S3Request {
  bucket?: string;
  key?: string;
  /** As in `versions&prefix=a`; values are encoded by the caller. */
  query?: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface S3Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** The server said no. `code` is its own word for it: `NoSuchBucket`, `AccessDenied`, … */
export class S3Refusal extends Error {
  override readonly name = 'S3Refusal';
  constructor(
    readonly code: string,
    readonly status: number,
    what: string,
  ) {
    super(`${what} was answered with ${code}`);
  }
}

/**
 * Signed requests of the kit's own, apart from the test's client: raw bodies can be compared and
 * put back as they are, and a test that fakes the clock does not break its own reset.
 */
export class Requests {
  private readonly url: URL;
  private readonly agent: HttpAgent;

  get region(): string {
    return this.access.region;
  }

  constructor(private readonly access: Access) {
    this.url = new URL(access.endpoint);
    const Agent = this.url.protocol === 'https:' ? HttpsAgent : HttpAgent;
    this.agent = new Agent({ keepAlive: true, maxSockets: 16 });
  }

  /** The answer as it is, refusals too. Rejects where there is none. */
  async ask(method: string, request: S3Request): Promise<S3Answer> {
    for (;;) {
      try {
        return await this.once(method, request);
      } catch (error) {
        // A kept connection that the server has closed; the next may be another such one. Every
        // request here may be repeated.
        if (!(error as { stale?: boolean }).stale) throw error;
      }
    }
  }

  private once(
    method: string,
    { bucket, key, query, headers, body }: S3Request,
  ): Promise<S3Answer> {
    const path = `/${bucket ?? ''}${key === undefined ? '' : `/${encodeKey(key)}`}`;
    const options = sign(
      {
        method,
        service: 's3',
        region: this.access.region,
        hostname: this.url.hostname,
        path: query ? `${path}?${query}` : path,
        headers: {
          Host: this.url.host,
          'X-Amz-Date': new RealDate().toISOString().replace(/[-:]|\.\d+/g, ''),
          ...(body !== undefined && { 'Content-MD5': md5(body) }),
          ...headers,
        },
        body,
      },
      { accessKeyId: this.access.accessKey, secretAccessKey: this.access.secretKey },
    );
    const { protocol, hostname, port } = this.url;
    const request = protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const outgoing = request({
        method,
        hostname: hostname.replace(/^\[|\]$/g, ''),
        port,
        path: options.path,
        headers: options.headers as Record<string, string>,
        agent: this.agent,
      });
      outgoing.once('error', (error: NodeJS.ErrnoException) =>
        reject(Object.assign(error, { stale: outgoing.reusedSocket && gone.has(error.code) })),
      );
      outgoing.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      });
      outgoing.end(body);
    });
  }

  /** The answer to a request that worked. @throws S3Refusal */
  async send(method: string, request: S3Request): Promise<S3Answer> {
    const answer = await this.ask(method, request);
    const { status, body } = answer;
    // A copy can fail after its 200 was sent.
    const error = /<Error>.*?<Code>(.*?)<\/Code>/s.exec(status === 200 ? body.slice(0, 300) : body);
    if (status < 300 && !(method === 'PUT' && error)) return answer;
    const { bucket = '', key, query } = request;
    const what = `${method} ${bucket}${key === undefined ? '' : `/${key}`}${query ? `?${query}` : ''}`;
    throw new S3Refusal(error?.[1] ?? `status ${status}`, status, what);
  }

  close(): void {
    this.agent.destroy();
  }
}

/** As paths, queries and copy sources need it: all but unreserved characters and `/`. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/');
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('base64');
}
