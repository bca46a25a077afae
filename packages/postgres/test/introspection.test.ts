import { spawnSync } from 'node:child_process';
import { use } from '@seamkit/core';
import { postgres } from '@seamkit/postgres';
import { connected } from './database-state';

const env = use({
  db: postgres({
    prepare: (url) =>
      connected(url, (client) =>
        client.query("CREATE TABLE users (id serial PRIMARY KEY, name text CHECK (name <> ''))"),
      ),
  }),
});

const notSystem = (column: string) => `${column} NOT IN ('pg_catalog', 'information_schema')`;

test.each([
  [
    'tables',
    `SELECT table_name AS name FROM information_schema.tables WHERE ${notSystem('table_schema')}`,
    ['users'],
  ],
  [
    'columns',
    `SELECT column_name AS name FROM information_schema.columns WHERE ${notSystem('table_schema')} ORDER BY 1`,
    ['id', 'name'],
  ],
  ['triggers', 'SELECT trigger_name AS name FROM information_schema.triggers', []],
  ['sequences', 'SELECT sequence_name AS name FROM information_schema.sequences', ['users_id_seq']],
  [
    'constraints',
    `SELECT DISTINCT table_name AS name FROM information_schema.table_constraints WHERE ${notSystem('table_schema')}`,
    ['users'],
  ],
])("information_schema.%s has the user's only", async (_, query, expected) => {
  expect((await env.db.query(query)).map(({ name }) => name)).toEqual(expected);
});

test.each([
  [
    'tables',
    "SELECT tablename AS name FROM pg_tables WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema'",
    ['users'],
  ],
  [
    'schemas',
    "SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'",
    ['public'],
  ],
  ['triggers', 'SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal', []],
  [
    'functions',
    "SELECT proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'",
    [],
  ],
  [
    'event triggers that belong to no extension',
    "SELECT evtname AS name FROM pg_event_trigger e WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = e.oid AND d.deptype = 'e')",
    [],
  ],
])(
  "what tools read of the catalogs, without pg_%%, has the user's %s only",
  async (_, query, expected) => {
    expect((await env.db.query(query)).map(({ name }) => name)).toEqual(expected);
  },
);

test('the search path is as it was, and finds nothing of ours', async () => {
  expect(await env.db.query('SHOW search_path')).toEqual([{ search_path: '"$user", public' }]);
  expect(
    await env.db.query(
      "SELECT to_regclass('dirty') AS a, to_regclass('tables') AS b, to_regproc('reset') AS c, to_regproc('mark_table') AS d",
    ),
  ).toEqual([{ a: null, b: null, c: null, d: null }]);
});

test('pg_dump leaves us out', async () => {
  const url = new URL(env.db.url);
  const PGPASSWORD = url.password;
  url.password = ''; // not for the list of processes
  const dump = spawnSync('pg_dump', ['--dbname', url.href], {
    encoding: 'utf8',
    env: { ...process.env, PGPASSWORD },
  });
  const [{ version }] = await env.db.query(
    "SELECT current_setting('server_version_num')::int / 10000 AS version",
  );
  const own = /\d+/.exec(spawnSync('pg_dump', ['--version'], { encoding: 'utf8' }).stdout ?? '');
  if (!own || Number(own[0]) < version) {
    console.warn(`not tested: no pg_dump here for PostgreSQL ${version}`);
    return;
  }
  expect(dump.status).toBe(0);
  expect(dump.stdout).toContain('CREATE TABLE public.users');
  // (The comment that pg_dump --create would print is on the database.)
  expect(dump.stdout).not.toContain('seamkit');
});

test('a test may drop what it likes of its own', async () => {
  await env.db
    .query(
      'ALTER TABLE users DISABLE TRIGGER ALL; ALTER TABLE users ENABLE TRIGGER ALL; DROP OWNED BY current_user',
    )
    .catch(
      // The superuser owns the system, too.
      ({ code }) => expect(code).toBe('2BP01'),
    );
  await env.db.query('DROP SCHEMA public CASCADE');
  await env.db.reset();
  expect(await env.db.query('SELECT * FROM users')).toEqual([]);
});
