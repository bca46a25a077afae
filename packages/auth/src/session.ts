import { SeamkitError } from '@seamkit/core';
import type { CookieJar } from 'tough-cookie';

/** How many redirects a login may take. */
const mostRedirects = 20;

/**
 * A browser that a user sits at: it keeps cookies as browsers do, and follows redirects between
 * the service and the issuer. Made by `login` and `browser`.
 */
export class Session {
  readonly #base: string;
  readonly #jar: CookieJar;

  /** @param base the service's url, which paths are relative to */
  constructor(base: string, jar: CookieJar) {
    this.#base = base;
    this.#jar = jar;
  }

  /** The service's cookies as a request header: `sid=…; theme=dark`. */
  get cookie(): string {
    return this.#jar.getCookieStringSync(this.#base);
  }

  /** The value of one of the service's cookies. */
  cookieNamed(name: string): string | undefined {
    return this.#jar.getCookiesSync(this.#base).find(({ key }) => key === name)?.value;
  }

  /** Gives the browser a cookie, written as in `Set-Cookie`: `sid=forged; Path=/`. */
  setCookie(cookie: string): void {
    this.#jar.setCookieSync(cookie, this.#base);
  }

  /**
   * The global `fetch` with this browser's cookies. Redirects are followed, at most 20, unless
   * `redirect` says otherwise; a POST that is redirected goes on as GET, as in browsers.
   * Rejects with fetch's own errors, and with `EXPECTATION_FAILED` where redirects do not end.
   */
  async fetch(path: string | URL, init: RequestInit = {}): Promise<Response> {
    let url = new URL(path, this.#base);
    let { method = 'GET', body } = init;
    const headers = new Headers(init.headers);
    const seen: string[] = [];
    for (;;) {
      const cookie = await this.#jar.getCookieString(url.href);
      if (cookie) headers.set('cookie', cookie);
      else headers.delete('cookie');
      const response = await fetch(url, { ...init, method, body, headers, redirect: 'manual' });
      for (const line of response.headers.getSetCookie()) {
        await this.#jar.setCookie(line, url.href, { ignoreError: true });
      }
      const location = response.headers.get('location');
      const redirects = [301, 302, 303, 307, 308].includes(response.status) && location;
      if (!redirects || (init.redirect ?? 'follow') !== 'follow') return response;
      seen.push(`${response.status} ${url.href}`);
      if (seen.length > mostRedirects) throw endless(seen);
      await response.arrayBuffer(); // gives the connection back
      const next = new URL(location, url);
      if (next.origin !== url.origin) headers.delete('authorization');
      url = next;
      if (response.status !== 307 && response.status !== 308 && method !== 'HEAD') {
        method = 'GET';
        body = undefined;
        headers.delete('content-type');
      }
    }
  }

  /**
   * Visits the service's logout url, through the issuer's where it leads there, and says which of
   * the service's cookies are left.
   */
  async logout(path: string | URL, init?: RequestInit): Promise<string[]> {
    const response = await this.fetch(path, init);
    await response.arrayBuffer();
    return this.#jar.getCookiesSync(this.#base).map(({ key }) => key);
  }
}

function endless(seen: readonly string[]): SeamkitError {
  return new SeamkitError('EXPECTATION_FAILED', `more than ${mostRedirects} redirects`, {
    tried: seen.slice(-6),
    hint: 'see why the service sends the browser away again: does it set and read its cookie?',
  });
}
