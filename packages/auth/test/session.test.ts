import { randomUUID } from 'node:crypto';
import { auth } from '@seamkit/auth';
import { use } from '@seamkit/core';
import express from 'express';
import { generators, Issuer, type TokenSet } from 'openid-client';
import { listening } from './listening';

const env = use({
  issuer: auth({ prepare: (issuer) => issuer.addUser('bob', { claims: { name: 'Bob' } }) }),
});

/** A service that signs people in at the issuer and keeps their sessions behind a cookie. */
async function service() {
  const { Client } = await Issuer.discover(env.issuer.url);
  const client = new Client({ client_id: 'client', client_secret: 'secret' });
  const sessions = new Map<string, TokenSet>();
  const nonces = new Map<string, string>();
  const sidOf = (request: express.Request) =>
    /sid=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1];
  const at = (request: express.Request, path: string) => `http://${request.headers.host}${path}`;
  const app = express();
  app.get('/login', (request, response) => {
    const [state, nonce] = [generators.state(), generators.nonce()];
    nonces.set(state, nonce);
    const redirect_uri = at(request, '/callback');
    response.redirect(client.authorizationUrl({ redirect_uri, state, nonce }));
  });
  app.get('/callback', async (request, response) => {
    const params = client.callbackParams(request);
    const nonce = nonces.get(params.state!);
    const checks = { state: params.state, nonce };
    const sid = randomUUID();
    sessions.set(sid, await client.callback(at(request, '/callback'), params, checks));
    response.cookie('sid', sid, { httpOnly: true, sameSite: 'lax' }).redirect('/me');
  });
  app.get('/me', (request, response) => {
    const tokens = sessions.get(sidOf(request) ?? '');
    if (tokens) response.json(tokens.claims());
    else response.status(401).end();
  });
  app.post('/logout', (request, response) => {
    const sid = sidOf(request) ?? '';
    const id_token_hint = sessions.get(sid);
    sessions.delete(sid);
    response.clearCookie('sid');
    const post_logout_redirect_uri = at(request, '/bye');
    response.redirect(client.endSessionUrl({ id_token_hint, post_logout_redirect_uri }));
  });
  app.get('/bye', (_, response) => void response.end('bye'));
  app.get('/round', (_, response) => response.redirect('/round'));
  return listening(app);
}

test('login, a request with the cookie, logout', async () => {
  await using app = await service();
  const bob = await env.issuer.login(`${app.url}/login`, { user: 'bob' });
  expect(await (await bob.fetch('/me')).json()).toMatchObject({ sub: 'bob', name: 'Bob' });
  // The cookie works in other clients too, and the issuer's own is not in it.
  expect(bob.cookie).toMatch(/^sid=[\w-]+$/);
  expect(bob.cookieNamed('sid')).toHaveLength(36);
  expect((await fetch(`${app.url}/me`, { headers: { cookie: bob.cookie } })).status).toBe(200);

  expect(await bob.logout('/logout', { method: 'POST' })).toEqual([]);
  expect((await bob.fetch('/me')).status).toBe(401);
  expect(env.issuer.calls('logout')).toMatchObject([{ status: 302 }]);
  // Signed out at the issuer as well: the next login shows its page.
  expect(await (await bob.fetch('/login')).text()).toContain('Sign in');
});

test('two people have two sessions', async () => {
  await using app = await service();
  const [alice, bob] = await Promise.all([
    env.issuer.login(`${app.url}/login`),
    env.issuer.login(`${app.url}/login`, { user: 'bob' }),
  ]);
  const who = async (session: typeof bob) =>
    ((await (await session.fetch('/me')).json()) as any).sub;
  expect([await who(alice), await who(bob)]).toEqual(['alice', 'bob']);
});

test('a cookie of the test’s own', async () => {
  await using app = await service();
  const browser = env.issuer.browser(app.url);
  browser.setCookie('sid=forged; Path=/');
  expect(browser.cookie).toBe('sid=forged');
  expect((await browser.fetch('/me')).status).toBe(401);
});

test('a login that sets no cookie, and one that never ends, are said', async () => {
  await using app = await service();
  await expect(env.issuer.login(`${app.url}/bye`)).rejects.toMatchObject({
    code: 'EXPECTATION_FAILED',
    tried: [expect.stringContaining('bye')],
  });
  await expect(env.issuer.login(`${app.url}/round`)).rejects.toMatchObject({
    code: 'EXPECTATION_FAILED',
    message: expect.stringContaining('20 redirects'),
  });
});

test.each<[string, string, any]>([
  ['an unknown user', 'http://127.0.0.1:1/login', { user: 'mallory' }],
  ['a path', '/login', {}],
  ['another protocol', 'ftp://127.0.0.1/', {}],
])('login with %s is refused', async (_, url, options) => {
  await expect(env.issuer.login(url, options)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});
