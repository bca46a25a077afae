const { example } = require('@seamkit/kit-example');

/**
 * The system's client, which is not the kit's.
 * @type {(url: string, method: string, key: string, body?: unknown) => Promise<any>}
 */
async function call(url, method, key, body) {
  const { origin, pathname, username, password } = new URL(url);
  const path = `${pathname === '/' ? '' : pathname}/${encodeURIComponent(key)}`;
  const response = await fetch(`${origin}${path}`, {
    method,
    body: JSON.stringify(body),
    headers: { authorization: `Basic ${btoa(`${username}:${password}`)}` },
  });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${method} ${key} was answered with ${response.status}`);
  return response.json();
}

/** @type {import('@seamkit/conformance').Harness} */
const harness = {
  kit: example,
  prepare: (entries) => ({
    prepare: async (url) => {
      for (const [key, value] of Object.entries(entries)) await call(url, 'PUT', key, value);
    },
    key: JSON.stringify(entries),
  }),
  write: ({ url }, key, value) => call(url, 'PUT', key, value),
  read: ({ url }, key) => call(url, 'GET', key),
  list: async ({ url }) => {
    const names = await call(url, 'GET', '');
    return names.filter((name) => name.startsWith('seamkit_') && !name.endsWith('_lease'));
  },
  async intrude(port) {
    const url = `http://seamkit:guessed@127.0.0.1:${port}`;
    const names = await call(url, 'GET', '').catch(() => undefined);
    return names && `list the names ${names}`;
  },
  refused: [
    { options: { nope: 1 }, code: 'OPTION_INVALID' },
    { options: { prepare: 'a script' }, code: 'OPTION_INVALID' },
    { options: { maxLength: -1 }, code: 'OPTION_INVALID' },
    { options: { url: 'nowhere' }, code: 'OPTION_INVALID' },
    { options: { url: 'gopher://127.0.0.1' }, code: 'URL_INVALID' },
  ],
};

module.exports = { ...harness, call };
