import { join } from 'node:path';
import { open, use } from '@seamkit/core';
import { postgres } from '@seamkit/postgres';
import { Client } from 'pg';
import { cloneOf, connected, stateOf } from './database-state';

const prepare = [join(__dirname, 'rich.sql')];
const env = use({ db: postgres({ prepare }) });

/** A service's: opened before the first test, and never closed by it. */
const service = { client: new Client(), pid: 0, ended: false };
let baseline: Record<string, unknown>;
let clone: string;

beforeAll(async () => {
  await connected(env.db.url, (client) =>
    client.query(`
      INSERT INTO users (email, feeling) VALUES ('dan@example.org', 'cross');
      DELETE FROM bag WHERE x = 2;
      UPDATE large SET text = 'seeded' WHERE n < 10;
      INSERT INTO always VALUES (2);
      INSERT INTO events (day) VALUES (11);
      SELECT setval('used', 70);
      CREATE TABLE jobs (id serial PRIMARY KEY, "user" int REFERENCES users, payload jsonb);
      INSERT INTO jobs ("user", payload) VALUES (1, '{"seed": true}');
      ALTER TABLE checked ADD COLUMN note text DEFAULT 'new';
      CREATE MATERIALIZED VIEW late AS SELECT * FROM jobs;
      SELECT lo_create(4713);
      DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''1MB''', current_database()); END $$;
    `),
  );
  service.client = new Client(env.db.url);
  service.client
    .on('error', () => {})
    .once('end', () => {
      service.ended = true;
    });
  await service.client.connect();
  await service.client.query('LISTEN news; CREATE TEMP TABLE own (x int)');
  await service.client.query({ name: 'all', text: 'SELECT * FROM jobs' });
  baseline = await stateOf(env.db.url);
  clone = await cloneOf(env.db.url);
});
afterAll(() => service.client.end());

test.each([
  ['of a seeded table', 'DELETE FROM users WHERE id > 2'],
  [
    'of a table that the hooks made',
    'UPDATE jobs SET payload = NULL; INSERT INTO jobs DEFAULT VALUES',
  ],
  ['of a table that they gave a column', 'INSERT INTO checked (x) VALUES (7)'],
  ['of a table that they left alone', 'DELETE FROM orders; INSERT INTO audit VALUES (1)'],
  ['of a large table', 'DELETE FROM large WHERE n > 5'],
  [
    'that makes a table grow much',
    'INSERT INTO audit (note) SELECT repeat(md5(n::text), 30) FROM generate_series(1, 10000) n',
  ],
  ['of a table whose triggers always fire', 'INSERT INTO always VALUES (3)'],
  ['of partitions', 'DELETE FROM events; INSERT INTO events (day) VALUES (12)'],
  ['of sequences', "SELECT nextval('used'), nextval('fresh'), nextval('jobs_id_seq')"],
])('a write %s is undone, what the hooks wrote stays', async (_, sql) => {
  expect(await stateOf(env.db.url)).toEqual(baseline);
  await connected(env.db.url, (client) => client.query(sql));
  expect(await stateOf(env.db.url)).not.toEqual(baseline);
  await env.db.reset();
  expect(await stateOf(env.db.url)).toEqual(baseline);
  expect(await cloneOf(env.db.url)).toBe(clone);
});

test("the service's client is there, with its session", async () => {
  const { client, ended } = service;
  expect(ended).toBe(false);
  await client.query('INSERT INTO own VALUES (1)');
  const heard = new Promise((resolve) => client.once('notification', resolve));
  await env.db.query("NOTIFY news, 'x'");
  expect(await heard).toMatchObject({ payload: 'x' });
  expect((await client.query({ name: 'all', text: 'SELECT * FROM jobs' })).rowCount).toBe(1);
});

test('where nothing differs, nothing is written', async () => {
  const books = () =>
    env.db.query("SELECT xmin FROM pg_proc WHERE oid = 'pg_temp_seamkit.reset'::regproc");
  const before = await books();
  await env.db.setBaseline();
  // As neighbours do who write on the same server.
  await connected(env.db.url.replace(/\/[^/]*$/, '/postgres'), async (client) => {
    await client.query('BEGIN; SELECT pg_current_xact_id()');
    await env.db.setBaseline();
  });
  expect(await books()).toEqual(before);
});

test('a baseline can be set again and again', async () => {
  await using own = await open({ db: postgres({ prepare }) });
  const { url } = own.db;
  const clone = await cloneOf(url);
  for (const sql of [
    "INSERT INTO users (email) VALUES ('one')",
    'CREATE SCHEMA extra CREATE TABLE pairs (a int, b int)',
    'INSERT INTO extra.pairs VALUES (1, 2); DELETE FROM nodes',
    "DROP SCHEMA extra CASCADE; SELECT nextval('cached')",
  ]) {
    await own.db.query(sql);
    await own.db.setBaseline();
    const set = await stateOf(url);
    await own.db.query("DELETE FROM users; INSERT INTO bag VALUES (1); SELECT nextval('fresh')");
    await own.db.reset();
    expect(await stateOf(url)).toEqual(set);
  }
  expect(await cloneOf(url)).toBe(clone);
});

test('a transaction that is open then is ended and named', async () => {
  const warned = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  await using own = await open({ db: postgres({ prepare }) });
  const client = await own.db.pool.connect();
  await client.query('BEGIN; DELETE FROM bag');
  await own.db.setBaseline();
  expect(warned).toHaveBeenCalledWith(expect.stringContaining('DELETE FROM bag'));
  jest.restoreAllMocks();
  expect(await own.db.query('SELECT * FROM bag')).toHaveLength(3);
});

test('what only a clone could undo loses it, and is named', async () => {
  await using own = await open({ db: postgres({ prepare }) });
  await own.db.query('DELETE FROM bag');
  await own.db.setBaseline();
  await own.db.query('DROP TABLE audit');
  await expect(own.db.reset()).rejects.toMatchObject({
    code: 'BASELINE_LOST',
    message: expect.stringContaining('DROP TABLE public.audit changed the schema'),
  });
});

test.each([
  ['rows', "DELETE FROM users; INSERT INTO bag VALUES (9); SELECT nextval('fresh')", true],
  [
    'additions to the schema',
    'CREATE TABLE extra (id serial); ALTER TABLE bag ADD COLUMN extra int; INSERT INTO extra DEFAULT VALUES; CREATE INDEX ON users (age)',
    true,
  ],
  ['a dropped table', 'DROP TABLE audit', false],
  ['large objects', 'SELECT lo_create(4713)', false],
])('the next file gets the sandbox back at what prepare left: %s', async (key, sql, stays) => {
  const options = { prepare, key };
  const first = await open({ db: postgres(options) });
  const { url } = first.db;
  const [state, clone] = [await stateOf(url), await cloneOf(url)];
  const left = new Client(url); // by a file that does not end its pool
  const ended = new Promise((resolve) => left.on('error', resolve));
  await left.connect();
  await first.db.query(sql);
  await first.db.setBaseline();
  await first.db.query(
    "UPDATE users SET age = 1; INSERT INTO bag VALUES (3); SELECT nextval('used')",
  );
  await first.db.reset();
  await first.db.query('CREATE TABLE other (); DELETE FROM bag');
  await first.close();
  for (const round of ['at once', 'and again']) {
    await using next = await open({ db: postgres(options) });
    expect(next.db.url).toBe(url);
    expect([round, await stateOf(url)]).toEqual([round, state]);
    expect((await cloneOf(url)) === clone).toBe(stays);
    await next.db.query('DELETE FROM users');
    await next.db.reset();
    expect(await stateOf(url)).toEqual(state);
  }
  if (stays) await left.query('SELECT 1');
  else await ended;
  await left.end();
});

test('with isolation rollback, what the hooks wrote is committed', async () => {
  await using own = await open({ db: postgres({ prepare, isolation: 'rollback' }) });
  await own.db.query('BEGIN');
  await own.db.query('INSERT INTO bag VALUES (7)');
  await own.db.query('COMMIT');
  await own.db.setBaseline();
  await own.db.query('DELETE FROM bag');
  await own.db.reset();
  expect(await own.db.query('SELECT * FROM bag')).toHaveLength(4);
});

test('with isolation clone there is no such thing', async () => {
  await using own = await open({ db: postgres({ prepare, isolation: 'clone' }) });
  await expect(own.db.setBaseline()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
});
