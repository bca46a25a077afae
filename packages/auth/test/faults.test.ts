import { auth } from '@seamkit/auth';
import { open, use } from '@seamkit/core';
import jwt from 'jsonwebtoken';
import jwks from 'jwks-rsa';

const env = use({ issuer: auth() });

const failure = async (url: string) => {
  const error: any = await fetch(url).then(
    ({ status }) => ({ cause: { code: status } }),
    (reason) => reason,
  );
  return error.cause.code;
};

describe('key rotation', () => {
  const verifier = () => {
    const store = jwks({ jwksUri: env.issuer.jwksUrl, cache: false });
    return async (token: string) => {
      const { kid } = jwt.decode(token, { complete: true })!.header;
      return jwt.verify(token, (await store.getSigningKey(kid)).getPublicKey());
    };
  };

  test('tokens of before stay good, new ones are signed by the new key', async () => {
    const verify = verifier();
    const before = env.issuer.token();
    await env.issuer.rotate();
    const after = env.issuer.token();
    expect(await verify(before)).toMatchObject({ sub: 'alice' });
    expect(await verify(after)).toMatchObject({ sub: 'alice' });
    const kid = (token: string) => jwt.decode(token, { complete: true })!.header.kid;
    expect(kid(after)).not.toBe(kid(before));
    expect(env.issuer.jwks.keys.map((key) => key.kid)).toEqual([kid(after), kid(before)]);
  });

  test('retired keys are withdrawn', async () => {
    const verify = verifier();
    const before = env.issuer.token();
    await env.issuer.rotate({ retire: true });
    await expect(verify(before)).rejects.toThrow('Unable to find a signing key');
    expect(await verify(env.issuer.token())).toMatchObject({ sub: 'alice' });
  });

  test('reset brings the first key back', async () => {
    await using other = await open({ issuer: auth() });
    const token = other.issuer.token();
    const { keys } = other.issuer.jwks;
    await other.issuer.rotate({ retire: true });
    await other.reset();
    expect(other.issuer.jwks.keys).toEqual(keys);
    expect(jwt.decode(token, { complete: true })!.header.kid).toBe(keys[0]!.kid);
  });
});

describe('the issuer', () => {
  test('is down: connections are refused, and come back on the same url', async () => {
    const { jwksUrl } = env.issuer;
    expect(await failure(jwksUrl)).toBe(200);
    await env.issuer.down();
    await env.issuer.down();
    expect(await failure(jwksUrl)).toBe('ECONNREFUSED');
    expect(env.issuer.token()).toEqual(expect.any(String)); // nothing is asked for it
    await env.issuer.up();
    expect(await failure(jwksUrl)).toBe(200);
    await env.issuer.down(); // left so, for the next test
  });

  test('is up again in the next test', async () => {
    expect(await failure(env.issuer.jwksUrl)).toBe(200);
  });

  test('cuts connections', async () => {
    env.issuer.cut('jwks');
    expect(await failure(env.issuer.jwksUrl)).toBe('ECONNRESET');
    expect(await failure(env.issuer.discoveryUrl)).toBe(200);
    env.issuer.cut();
    expect(await failure(env.issuer.discoveryUrl)).toBe('ECONNRESET');
    await env.issuer.up();
    expect(await failure(env.issuer.discoveryUrl)).toBe(200);
    expect(env.issuer.calls('jwks')).toEqual([{ endpoint: 'jwks', method: 'GET', params: {} }]);
  });

  test('fails with a status', async () => {
    env.issuer.fail(503, 'jwks', 'token');
    expect(await failure(env.issuer.jwksUrl)).toBe(503);
    expect(await failure(env.issuer.discoveryUrl)).toBe(200);
  });

  test('is slow: the answer waits until the client has given up', async () => {
    env.issuer.slow(Number.POSITIVE_INFINITY, 'jwks');
    const impatient = fetch(env.issuer.jwksUrl, { signal: AbortSignal.timeout(50) });
    await expect(impatient).rejects.toMatchObject({ name: 'TimeoutError' });
    env.issuer.slow(1, 'jwks');
    expect(await failure(env.issuer.jwksUrl)).toBe(200);
  });

  test('lets go of who waits, when the fault ends', async () => {
    env.issuer.slow(Number.POSITIVE_INFINITY);
    const waiting = fetch(env.issuer.jwksUrl);
    while (env.issuer.calls().length === 0) await new Promise(setImmediate);
    await env.issuer.up();
    expect((await waiting).status).toBe(200);
  });

  test('remembers what it was asked', async () => {
    await fetch(env.issuer.jwksUrl);
    await fetch(`${env.issuer.url}/connect/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'password', client_id: 'client' }),
    });
    await fetch(`${env.issuer.url}/nowhere`);
    expect(env.issuer.calls()).toEqual([
      { endpoint: 'jwks', method: 'GET', params: {}, status: 200 },
      {
        endpoint: 'token',
        method: 'POST',
        params: { grant_type: 'password', client_id: 'client' },
        status: 401,
      },
    ]);
    expect(env.issuer.calls('jwks')).toHaveLength(1);
  });

  test.each([
    ['a status of success', () => env.issuer.fail(200)],
    ['a negative delay', () => env.issuer.slow(-1)],
    ['an unknown endpoint', () => env.issuer.slow(1, 'introspect' as any)],
    ['an unknown endpoint to cut', () => env.issuer.cut('keys' as any)],
    ['calls of an unknown endpoint', () => env.issuer.calls('keys' as any)],
  ])('%s is refused', (_, call) => {
    expect(call).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});
