import { execFile } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { auth, type RefusedName, refusedNames } from '@seamkit/auth';
import { open, use } from '@seamkit/core';
import express from 'express';
import { expressjwt, type GetVerificationKey } from 'express-jwt';
import { createVerifier } from 'fast-jwt';
import jwt from 'jsonwebtoken';
import jwks from 'jwks-rsa';
import { listening } from './listening';

const env = use({ issuer: auth() });

/** Which tokens of the catalogue a verifier lets through. It must accept the good one. */
async function accepted(verify: (token: string) => unknown): Promise<RefusedName[]> {
  await verify(env.issuer.token());
  const names: RefusedName[] = [];
  for (const { name, token } of env.issuer.refused()) {
    await Promise.resolve(token)
      .then(verify)
      .then(
        () => names.push(name),
        () => {},
      );
  }
  return names;
}

const keys = () => jwks({ jwksUri: env.issuer.jwksUrl, cache: true, rateLimit: false });

describe('verifiers that services use, against all of it', () => {
  test('express-jwt: a protected route answers 401 to each', async () => {
    const app = express();
    const { jwksUrl, url: issuer, audience } = env.issuer;
    app.use(
      expressjwt({
        secret: jwks.expressJwtSecret({ jwksUri: jwksUrl, cache: true }) as GetVerificationKey,
        algorithms: ['RS256'],
        issuer,
        audience,
      }),
    );
    app.get('/orders', (_, response) => void response.json([]));
    app.use(((error, _request, response, _next) => {
      response.status(error.status ?? 500).end();
    }) as express.ErrorRequestHandler);
    await using service = await listening(app);
    const get = async (token: string) =>
      (
        await fetch(`${service.url}/orders`, {
          headers: { authorization: `Bearer ${token}` },
        })
      ).status;

    expect(await get(env.issuer.token({ scope: 'orders:read' }))).toBe(200);
    // What jsonwebtoken, which is under it, does not look at.
    const except: RefusedName[] = ['no expiry', 'no subject', 'unknown critical header'];
    const answers: Record<string, number> = {};
    const refused = env.issuer.refused({ scope: 'orders:read', except });
    for (const { name, token } of refused) answers[name] = await get(token);
    // 500: express-jwt passes on what its key store throws for a key that it cannot find.
    const refusals = Object.values(answers).filter((status) => status === 401 || status === 500);
    expect(refusals).toHaveLength(refusedNames.length - except.length);
  });

  test('jsonwebtoken overlooks three', async () => {
    const store = keys();
    const verify = (token: string) =>
      new Promise((resolve, reject) => {
        jwt.verify(
          token,
          ({ kid }, answer) =>
            store.getSigningKey(kid, (error, key) => answer(error, key?.getPublicKey())),
          { algorithms: ['RS256'], issuer: env.issuer.url, audience: env.issuer.audience },
          (error, claims) => (error ? reject(error) : resolve(claims)),
        );
      });
    expect(await accepted(verify)).toEqual(['no expiry', 'no subject', 'unknown critical header']);
  });

  test('fast-jwt overlooks claims that are missing, unless told', async () => {
    const store = keys();
    const options = {
      key: async ({ header }: { header: { kid?: string } }) =>
        (await store.getSigningKey(header.kid)).getPublicKey(),
      algorithms: ['RS256' as const],
      allowedIss: env.issuer.url,
      allowedAud: env.issuer.audience,
    };
    expect(await accepted(createVerifier(options))).toEqual([
      'no expiry',
      'no audience',
      'no issuer',
      'no subject',
    ]);
    const requiredClaims = ['exp', 'aud', 'iss', 'sub'];
    expect(await accepted(createVerifier({ ...options, requiredClaims }))).toEqual([]);
  });

  test.each(['RS256', 'ES256', 'EdDSA'] as const)('jose refuses all, %s', async (algorithm) => {
    await using other = await open({ issuer: auth({ algorithm }) });
    const { jwksUrl, url, audience } = other.issuer;
    const tokens = [
      other.issuer.token(),
      ...other.issuer.refused({ except: ['no token'] }).map(({ token }) => token),
    ];
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, [
      join(__dirname, 'verify-with-jose.mjs'),
      JSON.stringify({ jwksUrl, url, audience, algorithm, tokens }),
    ]);
    const verdicts: boolean[] = JSON.parse(stdout);
    expect(verdicts).toEqual([true, ...tokens.slice(1).map(() => false)]);
    expect(other.issuer.calls('jwks').length).toBeGreaterThan(0);
  });
});

test('a verifier that follows jku is caught: the stranger really answers', async () => {
  const { token } = env.issuer.refused().find(({ name }) => name === 'key by url')!;
  const { jku } = JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString());
  const { keys: found } = (await (await fetch(jku)).json()) as { keys: jwt.JwtPayload[] };
  const key = createPublicKey({ key: found[0] as any, format: 'jwk' });
  expect(jwt.verify(token, key)).toMatchObject({ sub: 'alice' });
});

test('each differs from the good one only in what it says', () => {
  const claims = { 'https://example.com/tenant': 7 };
  const all = env.issuer.refused({ sub: 'bob', scope: ['a', 'b'], claims });
  expect(all.map(({ name }) => name)).toEqual(refusedNames);
  expect(new Set(all.map(({ token }) => token)).size).toBe(all.length);
  const payloadOf = (name: RefusedName) => jwt.decode(all.find((it) => it.name === name)!.token);
  const good = jwt.decode(env.issuer.token({ sub: 'bob', scope: 'a b', claims })) as jwt.JwtPayload;
  expect(payloadOf('no expiry')).toEqual({
    ...good,
    jti: expect.any(String),
    iat: expect.any(Number),
    exp: undefined,
  });
  expect(payloadOf('wrong audience')).toMatchObject({ ...claims, scope: 'a b', sub: 'bob' });
});

test.each<[string, any]>([
  ['an unknown name', { except: ['exp'] }],
  ['no list', { except: 'expired' }],
  ['an unknown field', { subject: 'bob' }],
])('refused: %s is refused', (_, options) => {
  expect(() => env.issuer.refused(options)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', hint: expect.any(String) }),
  );
});
