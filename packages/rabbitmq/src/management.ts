import * as http from 'node:http';
import * as https from 'node:https';
import { SeamkitError } from '@seamkit/core';

/** An answer that says no. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    request: string,
  ) {
    super(`${request}: ${status} ${reason}`);
  }
}

const timeout = 30_000;
/** How a connection fails that the other side has closed. */
const gone = new Set<string | undefined>(['ECONNRESET', 'EPIPE']);

/** The management API over connections that are kept open. Any number of calls at once. */
export class Management {
  private readonly client: typeof http | typeof https;
  private readonly agent: http.Agent;
  private readonly base: URL;
  private readonly authorization: string;

  constructor(url: string) {
    this.base = new URL(url);
    this.client = this.base.protocol === 'https:' ? https : http;
    this.agent = new this.client.Agent({ keepAlive: true, noDelay: true, maxSockets: 8 });
    const name = decodeURIComponent(this.base.username);
    const password = decodeURIComponent(this.base.password);
    this.authorization = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  }

  get user(): string {
    return decodeURIComponent(this.base.username);
  }

  /** The answer's text. @throws Refusal for a status of 400 and up */
  async text(method: string, path: string, body?: unknown): Promise<string> {
    const { status, text } = await this.send(method, path, body);
    if (status >= 400) throw new Refusal(status, reasonIn(text), `${method} ${path}`);
    return text;
  }

  async get<R>(path: string): Promise<R> {
    return JSON.parse(await this.text('GET', path));
  }

  async put(path: string, body: unknown = {}): Promise<void> {
    await this.text('PUT', path, body);
  }

  async post(path: string, body: unknown): Promise<void> {
    await this.text('POST', path, body);
  }

  /** Resolves if it is gone already. */
  async remove(path: string): Promise<void> {
    for (const again of [true, false]) {
      try {
        await this.text('DELETE', path);
        return;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (error.status === 404) return;
        // The answer to all but one who remove a user at once: the next look finds it gone.
        if (error.status !== 500 || !again) throw error;
      }
    }
  }

  /**
   * The server's version. @throws SeamkitError `SERVER_UNREACHABLE`, `SERVER_MISMATCH` (not
   * RabbitMQ's management API), `PERMISSION_MISSING` (credentials, or no administrator)
   */
  async check(): Promise<string> {
    const place = `${this.base.protocol}//${this.base.host}`;
    const { status, text } = await this.send('GET', '/overview').catch((error) => {
      throw SeamkitError.wrap(
        error,
        'SERVER_UNREACHABLE',
        `rabbitmq: no management API at ${place}`,
        {
          hint: 'enable rabbitmq_management there, or pass its url as the option managementUrl',
        },
      );
    });
    if (status === 401) {
      throw new SeamkitError('PERMISSION_MISSING', `rabbitmq: ${place} refuses these credentials`, {
        hint: 'correct user and password in the url; they must be percent-encoded',
      });
    }
    const version = /"rabbitmq_version":"([^"]+)"/.exec(text)?.[1];
    if (status >= 400 || !version) {
      throw new SeamkitError(
        'SERVER_MISMATCH',
        `rabbitmq: ${place} is not RabbitMQ's management API`,
        {
          hint: 'pass the url of the management API as the option managementUrl',
        },
      );
    }
    const { tags } = await this.get<{ tags: string | string[] }>('/whoami');
    if (!String(tags).split(',').includes('administrator')) {
      throw new SeamkitError('PERMISSION_MISSING', `rabbitmq: ${this.user} may not make vhosts`, {
        hint: `rabbitmqctl set_user_tags ${this.user} administrator`,
      });
    }
    return version;
  }

  close(): void {
    this.agent.destroy();
  }

  private async send(method: string, path: string, body?: unknown) {
    for (;;) {
      try {
        return await this.once(method, path, body);
      } catch (error) {
        // A kept connection that the server has closed; the next may be another such one. Every
        // call here may be repeated.
        if (!(error as { stale?: boolean }).stale) throw error;
      }
    }
  }

  private once(method: string, path: string, body?: unknown) {
    const data = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    return new Promise<{ status: number; text: string }>((resolve, reject) => {
      const sent = this.client.request(
        {
          agent: this.agent,
          host: this.base.hostname,
          port: this.base.port || undefined,
          method,
          path: `${this.base.pathname.replace(/\/$/, '')}/api${path}`,
          headers: {
            authorization: this.authorization,
            ...(data && { 'content-type': 'application/json', 'content-length': data.length }),
          },
          timeout,
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk) => {
            text += chunk;
          });
          response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
          response.once('error', reject);
        },
      );
      sent.once('timeout', () =>
        sent.destroy(new Error(`no answer to ${method} ${path} within ${timeout} ms`)),
      );
      sent.once('error', (error: NodeJS.ErrnoException) =>
        reject(Object.assign(error, { stale: sent.reusedSocket && gone.has(error.code) })),
      );
      sent.end(data);
    });
  }
}

/** A path of the API: each part encoded. */
export function path(...parts: string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('');
}

function reasonIn(text: string): string {
  try {
    return JSON.parse(text).reason ?? text;
  } catch {
    return text.slice(0, 200);
  }
}
