import { use } from '@seamkit/core';
import type { FastifyInstance } from 'fastify';
import { boundaries, startApi } from '../environment';
import { given, newUser } from '../factories';

const { db, auth } = boundaries;
const env = use({ db, auth });

const read = { scope: 'orders:read' };

const orders = (api: FastifyInstance, token: string) =>
  api.inject({ url: '/orders', headers: { authorization: `Bearer ${token}` } });

test('a token of the issuer opens the service', async () => {
  await using api = await startApi(env);
  const { id } = await given(env).order();

  const response = await orders(api, env.auth.token(read));

  expect(response.statusCode).toBe(200);
  expect(response.json().items).toMatchObject([{ id }]);
});

test('no token that is not the issuer’s, or not for us, or not now', async () => {
  await using api = await startApi(env);

  for (const { name, why, token } of env.auth.refused(read)) {
    const { statusCode, headers, body } = await orders(api, token);
    const answer = [statusCode, headers['www-authenticate']];
    const refusal = [401, expect.stringMatching(/^Bearer/)];
    expect([name, why, answer]).toEqual([name, why, refusal]);
    expect(body).not.toContain('items');
  }
});

test.each([{}, { authorization: 'Bearer' }, { authorization: 'Basic YWxpY2U6c2VjcmV0' }])(
  'who shows no token is asked for one: %j',
  async (headers) => {
    await using api = await startApi(env);

    const response = await api.inject({ url: '/orders', headers });

    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer');
    expect(env.auth.calls()).toEqual([]);
  },
);

test('every route wants a token', async () => {
  await using api = await startApi(env);
  const { paths } = (await api.inject('/openapi.json')).json();
  expect(Object.keys(paths)).toContain('/orders/{id}');

  for (const [path, operations] of Object.entries<object>(paths)) {
    for (const method of Object.keys(operations)) {
      const url = path.replace('{id}', '1');
      const { statusCode } = await api.inject({ method: method as 'get', url });
      expect([method, url, statusCode]).toEqual([method, url, 401]);
    }
  }
});

test('who may read may not write', async () => {
  await using api = await startApi(env);
  const headers = { authorization: `Bearer ${env.auth.token(read)}` };

  const payload = newUser.build();
  const response = await api.inject({ method: 'POST', url: '/users', headers, payload });

  expect(response.statusCode).toBe(403);
  expect(response.headers['www-authenticate']).toContain('scope="orders:write"');
  expect(await env.db.query('select * from users')).toEqual([]);
});

test('who may write may write', async () => {
  await using api = await startApi(env);
  const token = env.auth.token({ scope: 'profile orders:write' });

  const response = await api.inject({
    method: 'POST',
    url: '/users',
    headers: { authorization: `Bearer ${token}` },
    payload: newUser.build(),
  });

  expect(response.statusCode).toBe(201);
});

test('the issuer is asked for its keys once', async () => {
  await using api = await startApi(env);

  for (let i = 0; i < 3; i++) await orders(api, env.auth.token(read));

  expect(env.auth.calls('discovery')).toHaveLength(1);
  expect(env.auth.calls('jwks')).toHaveLength(1);
});

test('while the issuer is away a token is neither good nor bad', async () => {
  await using api = await startApi(env);
  await env.auth.down();
  expect((await orders(api, env.auth.token(read))).statusCode).toBe(503);

  await env.auth.up();
  expect((await orders(api, env.auth.token(read))).statusCode).toBe(200);

  // Its keys are known now.
  await env.auth.down();
  expect((await orders(api, env.auth.token(read))).statusCode).toBe(200);
});

test.each(['discovery', 'jwks'] as const)('nor while its %s fails', async (endpoint) => {
  await using api = await startApi(env);
  env.auth.fail(500, endpoint);

  expect((await orders(api, env.auth.token(read))).statusCode).toBe(503);
});
