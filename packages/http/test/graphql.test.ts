import { open, use } from '@seamkit/core';
import { http } from '@seamkit/http';

const schema = `
  interface Node { id: ID! }
  type User implements Node { id: ID!, name: String!, age: Int, friends: [User!]! }
  type Bot implements Node { id: ID!, model: String! }
  type Query { user(id: ID!): User, node(id: ID!): Node }
  type Mutation { rename(id: ID!, name: String!): User! }
`;
const getUser = 'query GetUser($id: ID!) { user(id: $id) { id handle: name friends { name } } }';

const env = use({ api: http() });

async function ask(query: string, variables?: object, operationName?: string) {
  const response = await fetch(`${env.api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables, operationName }),
  });
  const text = await response.text();
  return { status: response.status, body: response.status === 200 ? JSON.parse(text) : text };
}

test('operations are matched by name and variables', async () => {
  const api = env.api.graphql('/graphql');
  const user = api.query('GetUser').reply(({ id }) => ({ data: { user: { id } } }));
  api.query('GetUser', { variables: { id: '2' } }).reply({ errors: [{ message: 'gone' }] });
  api.mutation('Rename').reply({ data: { rename: { id: '1' } } });
  expect((await ask(getUser, { id: '1' })).body).toEqual({ data: { user: { id: '1' } } });
  expect((await ask(getUser, { id: '2' })).body).toEqual({ errors: [{ message: 'gone' }] });
  expect(user.calls()).toHaveLength(1);
  const mutation = 'mutation Rename { rename(id: 1, name: "B") { id } }';
  expect((await ask(mutation)).body).toEqual({ data: { rename: { id: '1' } } });
  const both = `query Other { user(id: 1) { id } } ${mutation}`;
  expect((await ask(both, {}, 'Rename')).body).toEqual({ data: { rename: { id: '1' } } });
  const byGet = new URLSearchParams({ query: getUser, variables: '{"id":"7"}' });
  const response = await fetch(`${env.api.url}/graphql?${byGet}`);
  expect(await response.json()).toEqual({ data: { user: { id: '7' } } });
});

test('an operation that is not declared names the nearest', async () => {
  env.api
    .graphql('/graphql')
    .query('GetUser', { variables: { id: '1' } })
    .reply({ data: {} });
  const other = await ask(getUser, { id: '2' });
  expect(other.status).toBe(501);
  expect(other.body).toContain(
    'nearest: ANY /graphql query GetUser\n    variables/id: expected "1", got "2"',
  );
  expect(env.api.acceptUnmatched()).toHaveLength(1);
});

test('failures, as for any route', async () => {
  env.api.graphql('/graphql').query('GetUser').reply({ data: {} }).fail('rate-limit', { call: 1 });
  expect((await ask(getUser, { id: '1' })).status).toBe(429);
  expect((await ask(getUser, { id: '1' })).status).toBe(200);
});

describe('with a schema', () => {
  const friends = [{ name: 'Bob' }];

  test('what fits it passes, aliases and abstract types included', async () => {
    const api = env.api.graphql('/graphql', { schema });
    api.query('GetUser').reply({ data: { user: { id: '1', handle: 'Ann', friends } } });
    api.query('GetNode').reply({ data: { node: { __typename: 'Bot', id: '1', model: 'x' } } });
    expect((await ask(getUser, { id: '1' })).status).toBe(200);
    const getNode = 'query GetNode { node(id: 1) { id ... on Bot { model } } }';
    expect((await ask(getNode)).status).toBe(200);
  });

  test.each([
    ['a missing field', { user: { id: '1', friends } }, 'data/user/handle: Cannot return null'],
    ['a wrong type', { user: { id: '1', handle: {}, friends } }, 'data/user/handle: String cannot'],
    [
      'no list',
      { user: { id: '1', handle: 'A', friends: 1 } },
      'data/user/friends: Expected Iterable',
    ],
    [
      'a field too much',
      { user: { id: '1', handle: 'A', friends, age: 1 } },
      'data/user/age was not',
    ],
  ])('a reply with %s fails the test', async (_, data, message) => {
    const { kit, options } = http();
    if (kit.kind === 'server') throw new Error('not a local kit');
    const box = await kit.open(options, {} as never);
    box.members.graphql('/graphql', { schema }).query('GetUser').reply({ data });
    const response = await fetch(`${box.members.url}/graphql`, {
      method: 'POST',
      body: JSON.stringify({ query: getUser, variables: { id: '1' } }),
    });
    expect(response.status).toBe(500);
    await expect(box.verify!({})).rejects.toThrow(message);
    await box.close();
  });

  test('an operation that does not fit fails the test', async () => {
    await using own = await open({ api: http() });
    own.api.graphql('/graphql', { schema }).query('GetUser').reply({ data: null });
    const response = await fetch(`${own.api.url}/graphql`, {
      method: 'POST',
      body: JSON.stringify({ query: 'query GetUser { user { nope } }' }),
    });
    expect(await response.text()).toContain(
      'operation GetUser does not fit the schema: Cannot query',
    );
  });

  test('a text that is no schema is refused', () => {
    expect(() => env.api.graphql('/graphql', { schema: 'type' })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});
