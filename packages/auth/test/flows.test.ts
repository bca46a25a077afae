import { auth } from '@seamkit/auth';
import { use } from '@seamkit/core';
import { type Client, generators, Issuer } from 'openid-client';

const callback = 'http://127.0.0.1:3999/callback';

const env = use({
  issuer: auth({
    prepare: (issuer) => {
      issuer.addUser('bob', { password: 'hunter2', claims: { email: 'bob@example.com' } });
      issuer.addClient('web', {
        secret: 'a secret/with:signs+',
        redirectUris: [callback],
        postLogoutRedirectUris: ['http://127.0.0.1:3999/bye'],
        audience: 'orders',
      });
      issuer.addClient('phone'); // public
    },
  }),
});

async function client(id = 'web', secret?: string): Promise<Client> {
  const issuer = await Issuer.discover(env.issuer.url);
  return new issuer.Client({
    client_id: id,
    client_secret: secret ?? (id === 'web' ? 'a secret/with:signs+' : undefined),
    redirect_uris: [callback],
    response_types: ['code'],
    ...(id === 'phone' && { token_endpoint_auth_method: 'none' as const }),
  });
}

/** As a browser whose user presses the button: where it is sent back to. */
async function press(url: string, user = 'bob'): Promise<string> {
  const page = await fetch(url, { redirect: 'manual' });
  if (page.status === 302) return page.headers.get('location')!;
  const html = await page.text();
  expect(html).toContain(`>${user}</button>`);
  const fields = [...html.matchAll(/name="(\w+)" value="([^"]*)">(?!\w)/g)];
  const form = new URLSearchParams();
  for (const [, name, value] of fields) form.append(name!, plain(value!));
  form.set('user', user);
  const answer = await fetch(url.split('?')[0]!, {
    method: 'POST',
    body: form,
    redirect: 'manual',
  });
  return answer.headers.get('location')!;
}
const plain = (text: string) =>
  text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));

async function codeFlow(of: Client, scope = 'openid') {
  const verifier = generators.codeVerifier();
  const [state, nonce] = [generators.state(), generators.nonce()];
  const url = of.authorizationUrl({
    scope,
    state,
    nonce,
    code_challenge: generators.codeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const params = of.callbackParams(await press(url));
  const redeem = (checks = {}) =>
    of.callback(callback, params, { state, nonce, code_verifier: verifier, ...checks });
  return { redeem, params };
}

const error = (name: string) => expect.objectContaining({ error: name });

describe('as an application does, with openid-client', () => {
  test('authorization code with PKCE, userinfo, refresh', async () => {
    const web = await client();
    const { redeem } = await codeFlow(web);
    const tokens = await redeem(); // checks signature, iss, aud, nonce, at_hash
    expect(tokens.claims()).toMatchObject({ sub: 'bob', email: 'bob@example.com', aud: 'web' });
    expect(await web.userinfo(tokens)).toEqual({ sub: 'bob', email: 'bob@example.com' });
    const access = JSON.parse(Buffer.from(tokens.access_token!.split('.')[1]!, 'base64url') as any);
    expect(access).toMatchObject({ aud: 'orders', scope: 'openid', client_id: 'web' });

    const again = await web.refresh(tokens);
    expect(again.claims().sub).toBe('bob');
    await expect(web.refresh(tokens)).rejects.toEqual(error('invalid_grant'));
  });

  test('a code is good once, with its own verifier', async () => {
    const web = await client();
    const first = await codeFlow(web);
    await expect(first.redeem({ code_verifier: 'x'.repeat(43) })).rejects.toEqual(
      error('invalid_grant'),
    );
    await expect(first.redeem()).rejects.toEqual(error('invalid_grant'));
  });

  test('a public client must use PKCE', async () => {
    const phone = await client('phone');
    const { redeem } = await codeFlow(phone);
    expect((await redeem()).claims().aud).toBe('phone');
    const back = await press(phone.authorizationUrl({ scope: 'openid' }));
    expect(new URL(back).searchParams.get('error')).toBe('invalid_request');
  });

  test('client credentials', async () => {
    const tokens = await (await client()).grant({
      grant_type: 'client_credentials',
      scope: 'orders:read',
    });
    expect(tokens).toMatchObject({ token_type: 'Bearer', scope: 'orders:read' });
    expect(tokens).not.toHaveProperty('refresh_token');
    await expect(
      (await client('phone')).grant({ grant_type: 'client_credentials' }),
    ).rejects.toEqual(error('unauthorized_client'));
  });

  test('password', async () => {
    const web = await client();
    const grant = { grant_type: 'password', username: 'bob', scope: 'openid' };
    const tokens = await web.grant({ ...grant, password: 'hunter2' });
    expect(tokens.claims().sub).toBe('bob');
    await expect(web.grant({ ...grant, password: 'secret' })).rejects.toEqual(
      error('invalid_grant'),
    );
  });

  test('wrong secrets and unknown grants', async () => {
    const impostor = await client('web', 'guess');
    await expect(impostor.grant({ grant_type: 'client_credentials' })).rejects.toEqual(
      error('invalid_client'),
    );
    await expect((await client()).grant({ grant_type: 'magic' })).rejects.toEqual(
      error('unsupported_grant_type'),
    );
  });

  test('logout ends at a url that the client has named', async () => {
    const web = await client();
    const tokens = await (await codeFlow(web)).redeem();
    const bye = 'http://127.0.0.1:3999/bye';
    const end = (target: string) =>
      fetch(
        web.endSessionUrl({ id_token_hint: tokens, post_logout_redirect_uri: target, state: 's' }),
        { redirect: 'manual' },
      );
    expect((await end('http://127.0.0.1:3999/elsewhere')).status).toBe(400);
    expect((await end(bye)).headers.get('location')).toBe(`${bye}?state=s`);
    await expect(web.refresh(tokens)).rejects.toEqual(error('invalid_grant'));
  });
});

describe('the authorize endpoint sends no browser', () => {
  test.each([
    ['of an unknown client', { client_id: 'nobody' }],
    ['to an unlisted url', { redirect_uri: 'http://127.0.0.1:3999/elsewhere' }],
    ['to another host', { client_id: 'client', redirect_uri: 'https://example.com/' }],
    ['to a script', { client_id: 'client', redirect_uri: 'javascript:alert(1)' }],
  ])('%s', async (_, params) => {
    const query = new URLSearchParams({ client_id: 'web', redirect_uri: callback, ...params });
    const url = `${env.issuer.url}/connect/authorize?${query}&response_type=code`;
    const answer = await fetch(url, { redirect: 'manual' });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
  });

  test('without a session, where prompt is none', async () => {
    const back = await press((await client()).authorizationUrl({ prompt: 'none', state: 'a&b' }));
    const { searchParams } = new URL(back);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      error: 'login_required',
      state: 'a&b',
      iss: env.issuer.url,
    });
  });
});

test.each([
  ['no token', undefined],
  ['a token of nobody', 'Bearer abc'],
])('userinfo refuses %s', async (_, authorization) => {
  const headers = authorization ? { authorization } : undefined;
  const answer = await fetch(`${env.issuer.url}/connect/userinfo`, { headers });
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toContain('Bearer');
});

test('userinfo refuses what it must', async () => {
  const ask = async (token: string) =>
    (
      await fetch(`${env.issuer.url}/connect/userinfo`, {
        headers: { authorization: `Bearer ${token}` },
      })
    ).status;
  expect(await ask(env.issuer.token())).toBe(200);
  // It is no service with an audience, and takes what it has signed.
  const except = ['wrong audience', 'longer audience', 'no audience', 'ID token'] as const;
  const more = ['not yet valid', 'unknown critical header'] as const;
  const answers = env.issuer.refused({ except: [...except, ...more] });
  for (const { name, token } of answers) expect([name, await ask(token)]).toEqual([name, 401]);
});
