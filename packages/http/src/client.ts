/** What a request carries. */
export interface RequestOptions {
  headers?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, string | number | boolean>>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: RequestInit['body'];
  signal?: AbortSignal;
}

/** An answer, its body read. */
export interface Answer {
  status: number;
  headers: Headers;
  /** Parsed where the answer says that it is JSON, else text. */
  body: any;
}

type Send = (path: string, options?: RequestOptions) => Promise<Answer>;

/**
 * A small client over the global `fetch`. Statuses are never errors, and redirects are not
 * followed: both are what a test looks at. Rejects with fetch's own errors.
 */
export class Client {
  readonly get: Send = (path, options) => this.request('GET', path, options);
  readonly post: Send = (path, options) => this.request('POST', path, options);
  readonly put: Send = (path, options) => this.request('PUT', path, options);
  readonly patch: Send = (path, options) => this.request('PATCH', path, options);
  readonly delete: Send = (path, options) => this.request('DELETE', path, options);
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#url = url;
    this.#headers = headers;
  }

  /** The same client with these headers on every request. */
  with(headers: Readonly<Record<string, string>>): Client {
    return new Client(this.#url, { ...this.#headers, ...headers });
  }

  async request(
    method: string,
    path: string,
    { headers, query = {}, json, body, signal }: RequestOptions = {},
  ): Promise<Answer> {
    const url = new URL(this.#url + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.append(name, String(value));
    const response = await fetch(url, {
      method,
      headers: {
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...this.#headers,
        ...headers,
      },
      body: json === undefined ? body : JSON.stringify(json),
      redirect: 'manual',
      signal,
    });
    const text = await response.text();
    const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text,
    };
  }
}
