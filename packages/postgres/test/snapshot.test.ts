import { open, use } from '@seamkit/core';
import { postgres } from '@seamkit/postgres';
import { connected, stateOf } from './database-state';

const prepare = (url: string) =>
  connected(url, (client) =>
    client.query(
      "CREATE TABLE items (id serial PRIMARY KEY, name text); INSERT INTO items (name) VALUES ('kept')",
    ),
  );
const env = use({ db: postgres({ prepare }) });

test('restore brings back what snapshot saw: rows, sequences, schema, settings', async () => {
  const { url } = env.db;
  await env.db.query(
    `INSERT INTO items (name) VALUES ('built'); CREATE TABLE extra (x int);
     DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, "$user", pg_catalog', current_database()); END $$`,
  );
  const built = await stateOf(url);
  await env.db.snapshot();
  for (let round = 0; round < 2; round++) {
    await env.db.query("DELETE FROM items; DROP TABLE extra; SELECT nextval('items_id_seq')");
    await env.db.restore();
    expect(await stateOf(url)).toEqual(built);
  }
});

test.each([
  ['rows', "INSERT INTO items (name) VALUES ('built')"],
  ['a table', 'CREATE TABLE extra (x int)'],
  [
    'a setting',
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''1MB''', current_database()); END $$",
  ],
])('after a restore of %s, reset returns to the baseline', async (_, change) => {
  const { url } = env.db;
  const baseline = await stateOf(url);
  await env.db.query(change);
  await env.db.snapshot('built');
  await env.db.reset();
  expect(await stateOf(url)).toEqual(baseline);
  await env.db.restore('built');
  expect(await stateOf(url)).not.toEqual(baseline);
  await env.db.reset();
  expect(await stateOf(url)).toEqual(baseline);
});

test('a snapshot of the same name replaces the former one', async () => {
  await env.db.snapshot();
  await env.db.query("INSERT INTO items (name) VALUES ('later')");
  await env.db.snapshot();
  await env.db.reset();
  await env.db.restore();
  expect(await env.db.query('SELECT name FROM items ORDER BY id')).toEqual([
    { name: 'kept' },
    { name: 'later' },
  ]);
});

test('a snapshot that was never made is refused', async () => {
  await expect(env.db.restore('nowhere')).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

test('snapshots go with their sandbox', async () => {
  const own = await open({ db: postgres({ prepare }) });
  await own.db.snapshot();
  const prefix = `${new URL(own.db.url).pathname.slice(1)}_`;
  const ours = () =>
    env.db.query('SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [prefix]);
  expect(await ours()).toHaveLength(1);
  await own.close();
  expect(await ours()).toEqual([]);
});
