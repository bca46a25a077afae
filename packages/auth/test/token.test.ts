import { createPublicKey } from 'node:crypto';
import { auth } from '@seamkit/auth';
import { open, use } from '@seamkit/core';
import jwt, { type JwtPayload } from 'jsonwebtoken';

const env = use({
  issuer: auth({
    audience: 'orders',
    prepare: (issuer) => issuer.addUser('bob', { claims: { roles: ['admin'], sub: 'id-of-bob' } }),
  }),
});

const publicKey = () => createPublicKey({ key: env.issuer.jwks.keys[0] as any, format: 'jwk' });
const read = (token: string) =>
  jwt.verify(token, publicKey(), { ignoreExpiration: true, ignoreNotBefore: true }) as JwtPayload;

test('says what RFC 9068 asks for', () => {
  const before = Math.floor(Date.now() / 1000);
  const token = env.issuer.token();
  const claims = read(token);
  expect(claims).toMatchObject({
    iss: env.issuer.url,
    aud: 'orders',
    sub: 'alice',
    client_id: 'client',
    jti: expect.any(String),
  });
  expect(claims.iat).toBeGreaterThanOrEqual(before);
  expect(claims.exp! - claims.iat!).toBe(3600);
  expect(jwt.decode(token, { complete: true })!.header).toEqual({
    alg: 'RS256',
    typ: 'at+jwt',
    kid: env.issuer.jwks.keys[0]!.kid,
  });
});

test('says what it is told to', () => {
  const claims = read(
    env.issuer.token({
      sub: 'carol',
      scope: ['orders:read', 'orders:write'],
      audience: ['a', 'b'],
      expiresIn: -60,
      notBefore: 10,
      clientId: 'web',
      claims: { tenant: 7, jti: undefined },
    }),
  );
  expect(claims).toMatchObject({
    sub: 'carol',
    scope: 'orders:read orders:write',
    aud: ['a', 'b'],
    client_id: 'web',
    tenant: 7,
  });
  expect(claims.exp! - claims.iat!).toBe(-60);
  expect(claims.nbf! - claims.iat!).toBe(10);
  expect(claims).not.toHaveProperty('jti');
});

test("carries a known user's claims", () => {
  expect(read(env.issuer.token({ sub: 'bob' }))).toMatchObject({
    sub: 'id-of-bob',
    roles: ['admin'],
  });
});

test('is of the time that the test believes in', () => {
  jest.useFakeTimers({ now: new Date('2031-05-06T07:08:09Z') });
  try {
    expect(read(env.issuer.token()).iat).toBe(Date.parse('2031-05-06T07:08:09Z') / 1000);
  } finally {
    jest.useRealTimers();
  }
});

test.each(['RS256', 'ES256', 'EdDSA'] as const)('%s keys are published complete', async (alg) => {
  await using other = await open({ issuer: auth({ algorithm: alg }) });
  const { keys } = (await (await fetch(other.issuer.jwksUrl)).json()) as any;
  expect(keys).toEqual(other.issuer.jwks.keys);
  expect(keys[0]).toMatchObject({ alg, use: 'sig', kid: expect.any(String) });
  expect(keys[0]).not.toHaveProperty('d');
  expect(createPublicKey({ key: keys[0], format: 'jwk' }).type).toBe('public');
});

test('a logout token names the session that ended', () => {
  const claims = read(env.issuer.logoutToken({ sub: 'bob', sid: 's1' }));
  expect(claims).toMatchObject({ aud: 'client', sub: 'id-of-bob', sid: 's1' });
  expect(claims.events).toEqual({ 'http://schemas.openid.net/event/backchannel-logout': {} });
});

test.each<[string, any]>([
  ['a lifetime that is no number', { expiresIn: '1h' }],
  ['a lifetime without end', { expiresIn: Number.NaN }],
  ['a scope that is no text', { scope: [1] }],
  ['claims that are a list', { claims: [] }],
  ['an unknown field', { subject: 'bob' }],
  ['no object', 'bob'],
])('%s is refused', (_, options) => {
  expect(() => env.issuer.token(options)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', hint: expect.any(String) }),
  );
});

test('users and clients that make no sense are refused, and nothing is added', () => {
  const refused = expect.objectContaining({ code: 'OPTION_INVALID' });
  expect(() => env.issuer.addUser('')).toThrow(refused);
  expect(() => env.issuer.addUser('eve', { pasword: 'x' } as any)).toThrow(refused);
  expect(() => env.issuer.addClient('web', { redirectUris: ['/callback'] })).toThrow(refused);
  expect(() => env.issuer.addClient('web', { secret: '' })).toThrow(refused);
});
