import { auth } from '@seamkit/auth';
import { open, use } from '@seamkit/core';

// A file whose hooks add people and applications, and whose service asks the issuer as it starts.

const env = use({
  issuer: auth({ prepare: (issuer) => issuer.addUser('prepared', { claims: { role: 'reader' } }) }),
});

const printed: string[] = [];
let refreshToken: string;
let keys: number;

async function signIn(username: string, client = 'client:secret'): Promise<any> {
  const answer = await fetch(`${env.issuer.url}/connect/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(client)}` },
    body: new URLSearchParams({ grant_type: 'password', username, password: 'secret' }),
  });
  return { status: answer.status, ...((await answer.json()) as object) };
}

async function refresh(token: string): Promise<number> {
  const answer = await fetch(`${env.issuer.url}/connect/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('client:secret')}` },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

beforeAll(async () => {
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
  env.issuer.addUser('bob');
  env.issuer.addUser('prepared', { claims: { role: 'writer' } });
  env.issuer.addClient('shop', { secret: 'of the shop' });
  await env.issuer.rotate();
  keys = env.issuer.jwks.keys.length;
  refreshToken = (await signIn('bob')).refresh_token;
});

afterAll(() => jest.restoreAllMocks());

test.each([1, 2, 3])('what the hooks added is there, and no call of theirs (%i)', async () => {
  expect(env.issuer.calls()).toEqual([]);
  expect(env.issuer.jwks.keys).toHaveLength(keys);
  expect(await signIn('bob', 'shop:of the shop')).toMatchObject({ status: 200 });
  const { access_token: token } = await signIn('prepared');
  const who = await fetch(`${env.issuer.url}/connect/userinfo`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(await who.json()).toMatchObject({ role: 'writer' });
  expect(await signIn('added by a test')).toMatchObject({ status: 400 });
  expect(await refresh(refreshToken)).toBe(200);
  env.issuer.addUser('added by a test');
  env.issuer.addUser('bob', { password: 'another' });
  await env.issuer.rotate({ retire: true });
  expect(printed).toEqual([]);
});

test('faults that hooks asked for end before the first test, and that is told', async () => {
  await using own = await open({ issuer: auth() });
  for (const ask of [() => own.issuer.fail(503), () => own.issuer.down()]) {
    await ask();
    printed.length = 0;
    await own.setBaseline();
    expect((await fetch(own.issuer.jwksUrl)).status).toBe(200);
    expect(printed.join('')).toMatch(/issuer: its faults ended with setBaseline/);
  }
  printed.length = 0;
  await own.setBaseline();
  expect(printed).toEqual([]);
});
