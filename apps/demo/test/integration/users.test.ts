import { use } from '@seamkit/core';
import { boundaries, startApi } from '../environment';
import { given, newUser } from '../factories';

const env = use({ db: boundaries.db });

test('a user is created, and can be read', async () => {
  await using api = await startApi(env);
  const ada = { email: 'ada@example.com', name: 'Ada Lovelace' };

  const created = await api.inject({ method: 'POST', url: '/users', payload: ada });

  expect(created.statusCode).toBe(201);
  expect(created.json()).toMatchObject(ada);
  const read = await api.inject(created.headers.location!);
  expect(read.statusCode).toBe(200);
  expect(read.json()).toEqual(created.json());
});

test.each([
  ['email', { name: 'Ada' }],
  ['email', { email: 'not an address', name: 'Ada' }],
  ['name', { email: 'ada@example.com', name: ' ' }],
  ['name', { email: 'ada@example.com', name: 'a\u0000b' }],
  ['role', { email: 'ada@example.com', name: 'Ada', role: 'admin' }],
])('a bad %s is refused by name: %j', async (field, payload) => {
  await using api = await startApi(env);

  const response = await api.inject({ method: 'POST', url: '/users', payload });

  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ field });
  expect(await env.db.query('select * from users')).toEqual([]);
});

test('an e-mail belongs to one user, however it is written', async () => {
  await using api = await startApi(env);
  await given(env).users.create({ email: 'ada@example.com' });

  const payload = newUser.build({ email: 'Ada@Example.com' });
  const response = await api.inject({ method: 'POST', url: '/users', payload });

  expect(response.statusCode).toBe(409);
  expect(response.json()).toEqual({ error: 'another user has this e-mail', field: 'email' });
});

test('of two that ask for one e-mail at once, one gets it', async () => {
  await using api = await startApi(env);
  const ask = () =>
    api.inject({ method: 'POST', url: '/users', payload: newUser.build({ email: 'a@b.example' }) });

  const statuses = (await Promise.all([ask(), ask()])).map((response) => response.statusCode);

  expect(statuses.sort()).toEqual([201, 409]);
});

test('a user changes only what they say', async () => {
  await using api = await startApi(env);
  const user = await given(env).users.create();

  const response = await api.inject({
    method: 'PATCH',
    url: `/users/${user.id}`,
    payload: { name: 'Grace Hopper' },
  });

  expect(response.statusCode).toBe(200);
  expect(response.json()).toMatchObject({ email: user.email, name: 'Grace Hopper' });
});

test('nobody takes another one’s e-mail', async () => {
  await using api = await startApi(env);
  const [one, other] = await given(env).users.createList(2);

  const response = await api.inject({
    method: 'PATCH',
    url: `/users/${one!.id}`,
    payload: { email: other!.email },
  });

  expect(response.statusCode).toBe(409);
  expect((await api.inject(`/users/${one!.id}`)).json()).toMatchObject({ email: one!.email });
});

test('a deleted user is gone', async () => {
  await using api = await startApi(env);
  const { id } = await given(env).users.create();

  expect((await api.inject({ method: 'DELETE', url: `/users/${id}` })).statusCode).toBe(204);
  expect((await api.inject(`/users/${id}`)).statusCode).toBe(404);
});

test('a user with orders stays', async () => {
  await using api = await startApi(env);
  const { userId } = await given(env).order();

  const response = await api.inject({ method: 'DELETE', url: `/users/${userId}` });

  expect(response.statusCode).toBe(409);
  expect((await api.inject(`/users/${userId}`)).statusCode).toBe(200);
});

test.each(['GET', 'PATCH', 'DELETE'] as const)('%s of nobody finds nobody', async (method) => {
  await using api = await startApi(env);

  const payload = method === 'PATCH' ? { name: 'Nobody' } : undefined;
  const response = await api.inject({ method, url: '/users/404', payload });

  expect(response.statusCode).toBe(404);
  expect(response.json()).toEqual({ error: 'there is no user 404' });
});

test('a list is read page by page, and misses nothing when rows go meanwhile', async () => {
  await using api = await startApi(env);
  const users = await given(env).users.createList(5);
  const ids = users.map((user) => user.id).sort((a, b) => a - b);

  const one = (await api.inject('/users?limit=2')).json();
  await api.inject({ method: 'DELETE', url: `/users/${ids[0]}` });
  const two = (await api.inject(`/users?limit=2&after=${one.next}`)).json();
  const three = (await api.inject(`/users?limit=2&after=${two.next}`)).json();

  const read = [...one.items, ...two.items, ...three.items];
  expect(read.map((user) => user.id)).toEqual(ids);
  expect(three.next).toBeNull();
});

test.each([
  ['limit', '/users?limit=0'],
  ['limit', '/users?limit=101'],
  ['after', '/users?after=x'],
  ['id', '/users/ada'],
  ['id', '/users/99999999999'],
])('a bad %s is refused: %s', async (field, url) => {
  await using api = await startApi(env);

  const response = await api.inject(url);

  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ field });
});
