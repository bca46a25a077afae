import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { use } from '@seamkit/core';
import { postgres } from '@seamkit/postgres';
import { connected } from './database-state';

const env = use({
  db: postgres({
    prepare: (url) =>
      connected(url, (client) =>
        client.query(`
          CREATE SCHEMA "Odd schema";
          CREATE TABLE users (id serial PRIMARY KEY, name text DEFAULT 'nobody', tags text[], meta jsonb,
            picture bytea, big bigint, born timestamptz, twice text GENERATED ALWAYS AS (name || name) STORED);
          CREATE TABLE "Odd schema"."Odd table" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "user" int REFERENCES users, "Odd" text);
        `),
      ),
  }),
});

test('rows of every type, in the order given', async () => {
  await env.db.load({
    users: [
      {
        id: 5,
        name: 'ann',
        tags: ['a', 'b "c"', null],
        meta: [1, { deep: ['x'] }],
        picture: Buffer.from([0, 255]),
        big: 9007199254740993n,
        born: new Date('2000-01-02T03:04:05.678Z'),
      },
      { name: undefined, meta: 'text', picture: new Uint8Array([1, 2]).subarray(1), tags: [] },
      {},
    ],
    'Odd schema.Odd table': [{ id: 3, user: 5, Odd: "it's" }],
  });
  const users = await env.db.query('SELECT * FROM users ORDER BY id DESC');
  expect(users.map(({ id, name }) => [id, name])).toEqual([
    [5, 'ann'],
    [2, 'nobody'],
    [1, 'nobody'],
  ]);
  expect(users[0]).toMatchObject({
    tags: ['a', 'b "c"', null],
    meta: [1, { deep: ['x'] }],
    picture: Buffer.from([0, 255]),
    big: '9007199254740993',
    born: new Date('2000-01-02T03:04:05.678Z'),
    twice: 'annann',
  });
  expect(users[2]).toMatchObject({ meta: 'text', picture: Buffer.from([2]), tags: [] });
  expect(await env.db.query('SELECT * FROM "Odd schema"."Odd table"')).toEqual([
    { id: 3, user: 5, Odd: "it's" },
  ]);
});

test('sequences move past the ids that rows give, and never back', async () => {
  await env.db.query("SELECT setval('users_id_seq', 20)");
  await env.db.load({ users: [{ id: 7 }], 'Odd schema.Odd table': [{ id: 40 }] });
  expect(await env.db.query('INSERT INTO users DEFAULT VALUES RETURNING id')).toEqual([{ id: 21 }]);
  expect(
    await env.db.query('INSERT INTO "Odd schema"."Odd table" DEFAULT VALUES RETURNING id'),
  ).toEqual([{ id: 41 }]);
});

test.each([
  ['an unknown table', { users: [{ id: 1 }], nowhere: [{ id: 1 }] }, 'nowhere'],
  ['an unknown column', { users: [{ id: 1 }, { nope: 1 }] }, 'nope'],
  [
    'a broken reference',
    { users: [{ id: 1 }], 'Odd schema.Odd table': [{ user: 9 }] },
    'foreign key',
  ],
])('%s is refused, and nothing is kept', async (_, rows, words) => {
  await expect(env.db.load(rows)).rejects.toMatchObject({
    code: 'PREPARE_FAILED',
    message: expect.stringContaining(words),
  });
  expect(await env.db.query('SELECT * FROM users')).toEqual([]);
});

test('an SQL file, with an error at its line and without traces in the session', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'seamkit-postgres-'));
  try {
    const file = join(folder, 'users.sql');
    writeFileSync(
      file,
      "SELECT set_config('search_path', '', false);\nINSERT INTO public.users (name) VALUES ('ann');",
    );
    await env.db.load(file);
    expect(await env.db.query('SELECT name FROM users')).toEqual([{ name: 'ann' }]);
    writeFileSync(
      file,
      "INSERT INTO users (name) VALUES ('bob');\nINSERT INTO users VALUES ('x');",
    );
    await expect(env.db.load(file)).rejects.toMatchObject({
      code: 'PREPARE_FAILED',
      message: expect.stringContaining('users.sql:2'),
    });
    expect(await env.db.query('SELECT name FROM users')).toEqual([{ name: 'ann' }]);
  } finally {
    rmSync(folder, { recursive: true });
  }
  await expect(env.db.load(file())).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  function file() {
    return join(folder, 'users.sql');
  }
});
