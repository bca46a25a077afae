import { join } from 'node:path';
import { use } from '@seamkit/core';
import { postgres } from '@seamkit/postgres';
import type { Client } from 'pg';
import { cloneOf, connected, stateOf } from './database-state';

const env = use({ db: postgres({ prepare: [join(__dirname, 'rich.sql')] }) });

let baseline: Record<string, unknown> | undefined;

type Act = string | ((client: Client, url: string) => Promise<unknown>);

/** What a test may do, and whether it takes a new clone to undo it. */
const inPlace: Record<string, Act> = {
  'an insert': "INSERT INTO users (email) VALUES ('new@example.org')",
  'an update': 'UPDATE users SET age = 7, place = NULL, weight = 0',
  'a delete': 'DELETE FROM bag WHERE x = 1',
  'a delete that cascades': 'DELETE FROM users WHERE id = 1',
  'a write by a trigger': 'UPDATE orders SET total = total + 1',
  'a write in a function': 'DO $$ BEGIN INSERT INTO bag VALUES (9); END $$',
  'a write in a common table expression':
    'WITH gone AS (DELETE FROM bag RETURNING x) SELECT count(*) FROM gone',
  'an upsert':
    "INSERT INTO users (id, email) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET age = 99",
  'a write to a view': 'UPDATE adults SET age = 50',
  'a truncate': 'TRUNCATE bag',
  'a truncate that cascades': 'TRUNCATE users CASCADE',
  'a truncate that restarts sequences': 'TRUNCATE users, orders RESTART IDENTITY',
  'an insert into a table that was empty': 'INSERT INTO empty (x) VALUES (1), (2)',
  'a write to an unlogged table': 'UPDATE scratch SET x = 8',
  'a write to a table with odd names': `DELETE FROM "Odd ""schema"""."Odd ""table"""`,
  'a write through a partitioned table': 'UPDATE events SET day = day + 5',
  'a write to one partition': 'DELETE FROM events_ten',
  'a truncate of a partition in between': 'TRUNCATE events_high',
  'a write that reaches children': "UPDATE animals SET name = 'x'",
  'a write to a child alone': 'DELETE FROM ONLY dogs',
  'a broken reference cycle': 'BEGIN; UPDATE nodes SET parent = NULL; DELETE FROM nodes; COMMIT',
  'a write to a table with row security': "UPDATE secrets SET text = 'y'",
  'a write to a table with a rule': 'UPDATE ruled SET x = 2',
  'a write to a table whose triggers always fire': 'INSERT INTO always VALUES (2)',
  'a write to partitions whose triggers always fire': 'INSERT INTO loud VALUES (2), (12)',
  'a write with triggers asleep':
    'SET session_replication_role = replica; DELETE FROM users WHERE id = 2; RESET session_replication_role',
  'a write of a serializable transaction':
    'BEGIN ISOLATION LEVEL SERIALIZABLE; INSERT INTO bag SELECT count(*) FROM bag; COMMIT',
  'nextval alone': "SELECT nextval('fresh')",
  'nextval of a sequence in use': "SELECT nextval('used')",
  'nextval in a transaction that was rolled back':
    "BEGIN; INSERT INTO users (email) VALUES ('x'); ROLLBACK",
  setval: "SELECT setval('used', 50)",
  'setval of a value not used yet': "SELECT setval('fresh', 50, false)",
  'an explicit value for an identity':
    'INSERT INTO orders (id, user_id) OVERRIDING SYSTEM VALUE VALUES (99, 1)',
  'writes of another role': async (client) => {
    const role = `seamkit_test_${process.pid}_${Date.now()}`;
    await client.query(`CREATE ROLE ${role}`);
    try {
      await client.query('BEGIN');
      await client.query(`GRANT ALL ON SCHEMA public TO ${role}`);
      await client.query('ROLLBACK');
      await client
        .query(`GRANT pg_write_all_data, pg_read_all_data TO ${role}; SET ROLE ${role}`)
        .catch(
          () => {}, // before 14
        );
      await client.query('INSERT INTO bag VALUES (77)');
    } finally {
      await client.query('RESET ROLE');
      await client.query(`DROP ROLE ${role}`);
    }
  },
  'writes of several connections at once': async (_, url) => {
    const write = (x: number) => () =>
      connected(url, async (other) => {
        await other.query('BEGIN');
        await other.query('INSERT INTO bag VALUES ($1)', [x]);
        await other.query(x % 2 ? 'COMMIT' : 'ROLLBACK');
      });
    await Promise.all([11, 12, 13, 14].map(write).map((run) => run()));
  },
};

/** Changes of the schema that only add. */
const added: Record<string, Act> = {
  'a table': 'CREATE TABLE extra (x int)',
  'a table with all that a table may have': `
    CREATE TABLE extra (id serial PRIMARY KEY, other int GENERATED ALWAYS AS IDENTITY UNIQUE, name text DEFAULT 'x' CHECK (name <> ''));
    CREATE INDEX ON extra (name); INSERT INTO extra DEFAULT VALUES; COMMENT ON TABLE extra IS 'x';
    ALTER TABLE extra ALTER name SET NOT NULL; ALTER TABLE extra RENAME TO "Extra one"; ALTER TABLE "Extra one" DROP COLUMN other;
    ALTER TABLE "Extra one" DROP CONSTRAINT extra_name_check; ALTER TABLE "Extra one" ENABLE ROW LEVEL SECURITY;
    CREATE POLICY p ON "Extra one" USING (true); CREATE RULE r AS ON DELETE TO "Extra one" DO INSTEAD NOTHING`,
  'a table that refers to one of the baseline, with rows':
    'CREATE TABLE extra (x int REFERENCES users); INSERT INTO extra VALUES (1)',
  'tables that refer to each other':
    'CREATE TABLE a (x int PRIMARY KEY); CREATE TABLE b (x int PRIMARY KEY REFERENCES a); ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES b',
  'a table made by a query': 'SELECT * INTO extra FROM bag; CREATE TABLE more AS TABLE users',
  'a table that was dropped again': 'CREATE TABLE extra (id serial); DROP TABLE extra',
  'a partition, with rows':
    'CREATE TABLE extra PARTITION OF events FOR VALUES FROM (200) TO (300); INSERT INTO events (day) VALUES (250), (5)',
  'a table attached as a partition':
    'CREATE TABLE extra (LIKE events); ALTER TABLE events ATTACH PARTITION extra FOR VALUES FROM (200) TO (300)',
  'a child':
    "CREATE TABLE extra () INHERITS (animals); INSERT INTO extra VALUES ('x'); UPDATE animals SET name = 'y'",
  'an index': 'CREATE INDEX ON bag (x)',
  'an index made concurrently': 'CREATE INDEX CONCURRENTLY ON bag (x)',
  'an index that could not be made concurrently': async (client) => {
    await expect(client.query('CREATE UNIQUE INDEX CONCURRENTLY ON bag (x)')).rejects.toThrow();
  },
  'an index of a partitioned table': 'CREATE INDEX ON events (day)',
  'a unique index that the baseline would break':
    'DELETE FROM bag; CREATE UNIQUE INDEX ON bag (x); INSERT INTO bag VALUES (1)',
  types:
    "CREATE TYPE e AS ENUM ('a'); CREATE DOMAIN d AS e; CREATE TYPE c AS (x d); CREATE TYPE r AS RANGE (subtype = int); CREATE TABLE extra (x c, y r)",
  'a type and its functions, which need each other': `
    CREATE TYPE base; CREATE FUNCTION base_in(cstring) RETURNS base LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
    CREATE FUNCTION base_out(base) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
    CREATE TYPE base (INPUT = base_in, OUTPUT = base_out, LIKE = int4); CREATE TABLE extra (x base)`,
  functions: `
    CREATE FUNCTION f(x int DEFAULT 1, VARIADIC y text[] DEFAULT '{}') RETURNS users LANGUAGE sql AS 'SELECT * FROM users';
    CREATE FUNCTION f(mood) RETURNS mood LANGUAGE sql AS 'SELECT $1'; CREATE OR REPLACE FUNCTION f(mood) RETURNS mood LANGUAGE sql AS 'SELECT NULL::mood';
    CREATE PROCEDURE p() LANGUAGE sql AS ''; CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int)`,
  'a schema with tables':
    'CREATE SCHEMA extra CREATE TABLE a (id serial PRIMARY KEY) CREATE VIEW v AS SELECT * FROM a',
  'an extension':
    'CREATE EXTENSION hstore; CREATE TABLE extra (h hstore); ALTER TABLE bag ADD COLUMN h hstore',
  'a trigger': `
    CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER extra BEFORE INSERT OR DELETE ON bag FOR EACH ROW EXECUTE FUNCTION t();
    ALTER TABLE bag ENABLE ALWAYS TRIGGER extra; INSERT INTO bag VALUES (8); TRUNCATE bag`,
  'a constraint trigger':
    'CREATE CONSTRAINT TRIGGER extra AFTER INSERT ON bag DEFERRABLE FOR EACH ROW EXECUTE FUNCTION refuse()',
  'a trigger of a partitioned table':
    'CREATE TRIGGER extra AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse()',
  views:
    'CREATE VIEW v AS SELECT * FROM adults; CREATE MATERIALIZED VIEW m AS SELECT * FROM v; CREATE UNIQUE INDEX ON m (id); REFRESH MATERIALIZED VIEW m',
  sequences:
    "CREATE SEQUENCE s; SELECT nextval('s'); CREATE SEQUENCE o OWNED BY bag.x; ALTER SEQUENCE s RESTART",
  'a rule, a policy, statistics':
    'CREATE RULE extra AS ON UPDATE TO bag DO INSTEAD NOTHING; CREATE POLICY extra ON secrets USING (true); CREATE STATISTICS extra ON user_id, total FROM orders',
  'an operator and a cast':
    "CREATE FUNCTION f(mood, int) RETURNS mood LANGUAGE sql AS 'SELECT $1'; CREATE OPERATOR + (LEFTARG = mood, RIGHTARG = int, FUNCTION = f); CREATE CAST (mood AS int) WITH INOUT",
  'a column':
    "ALTER TABLE bag ADD COLUMN extra text NOT NULL DEFAULT 'x'; UPDATE bag SET extra = 'y' WHERE x = 2",
  'columns of any kind': `
    ALTER TABLE bag ADD a serial, ADD b int GENERATED ALWAYS AS IDENTITY, ADD c uuid DEFAULT gen_random_uuid(),
      ADD d int REFERENCES users, ADD e int GENERATED ALWAYS AS (x + 1) STORED, ADD UNIQUE (a);
    CREATE VIEW v AS SELECT * FROM bag; CREATE INDEX ON bag (c)`,
  'a column that was dropped again':
    'ALTER TABLE bag ADD COLUMN extra int; ALTER TABLE bag DROP COLUMN extra',
  'a column of a partitioned table':
    'ALTER TABLE events ADD COLUMN extra int DEFAULT 7; CREATE INDEX ON events (extra)',
  'a column that children have, too':
    "ALTER TABLE animals ADD COLUMN extra text; UPDATE dogs SET extra = 'x'",
  'a column of a new type':
    "CREATE TYPE e AS ENUM ('a'); ALTER TABLE users ADD COLUMN extra e DEFAULT 'a'",
  constraints:
    'ALTER TABLE bag ADD CHECK (x > 0), ADD EXCLUDE (x WITH =) WHERE (x > 5); ALTER TABLE audit ADD UNIQUE (note, "at"); ALTER TABLE empty ADD FOREIGN KEY (x) REFERENCES nodes',
  'rows of children written again, with other values':
    "ALTER TABLE animals ALTER name TYPE text USING name || 'x'",
  'rows written again, with other values': 'ALTER TABLE bag ALTER x TYPE int USING x + 1',
};

const byClone: Record<string, Act> = {
  'a view that shows something else':
    'CREATE OR REPLACE VIEW adults AS SELECT id, email, age FROM users',
  'a view that shows something new':
    'CREATE TABLE extra (id int, email citext, age positive); CREATE OR REPLACE VIEW adults AS SELECT * FROM extra',
  'a column that has a new type': 'CREATE DOMAIN d AS int; ALTER TABLE bag ALTER x TYPE d',
  'a column that may be empty': 'ALTER TABLE users ALTER email DROP NOT NULL',
  'a default': 'ALTER TABLE bag ALTER x SET DEFAULT 5',
  'a dropped column': 'ALTER TABLE users DROP COLUMN age CASCADE',
  'a dropped constraint': 'ALTER TABLE checked DROP CONSTRAINT checked_x_check',
  'a dropped trigger': 'DROP TRIGGER note ON orders',
  'a table in another schema': 'CREATE SCHEMA extra; ALTER TABLE bag SET SCHEMA extra',
  'a partition detached': 'ALTER TABLE events DETACH PARTITION events_low',
  'row security': 'ALTER TABLE bag ENABLE ROW LEVEL SECURITY',
  'an option of a table': 'ALTER TABLE bag SET (fillfactor = 50)',
  'a publication': 'CREATE PUBLICATION extra FOR TABLE bag',
  'a grant on something new': 'CREATE TABLE extra (); GRANT SELECT ON extra TO public',
  'a dropped table': 'DROP TABLE audit',
  'a dropped type, the columns with it': 'DROP TYPE mood CASCADE',
  'a renamed column': 'ALTER TABLE bag RENAME x TO y',
  'a disabled trigger': 'ALTER TABLE orders DISABLE TRIGGER ALL',
  'a grant': 'GRANT SELECT ON bag TO public',
  'a comment': "COMMENT ON TABLE bag IS 'x'",
  'a new function body':
    'CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$',
  'a new label of an enum': "ALTER TYPE mood ADD VALUE 'glad'",
  'a restarted sequence': 'ALTER SEQUENCE used RESTART',
  'the schema dropped and made again': 'DROP SCHEMA public CASCADE; CREATE SCHEMA public',
  'a refreshed materialized view': 'REFRESH MATERIALIZED VIEW totals',
  'a setting of the database':
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''1MB''', current_database()); END $$",
  'an altered database':
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 9', current_database()); END $$",
  'a grant on the database':
    "DO $$ BEGIN EXECUTE format('REVOKE TEMP ON DATABASE %I FROM public', current_database()); END $$",
  'a new large object': "SELECT lo_from_bytea(0, '\\x01')",
  'a changed large object': "SELECT lo_put(4711, 1, '\\x01')",
  'a removed large object': 'SELECT lo_unlink(4712)',
  'a write to a large table': 'DELETE FROM large WHERE n = 5',
};

/** In place since version 18. */
const eitherWay: Record<string, Act> = {
  'a primary key':
    'ALTER TABLE "Odd ""schema"""."Odd ""table""" ADD PRIMARY KEY ("Odd ""column""")',
  'a column that may not be empty': 'ALTER TABLE audit ALTER note SET NOT NULL',
};

const untouched: Record<string, Act> = {
  'a query': 'SELECT * FROM users',
  'a write that was rolled back': 'BEGIN; DELETE FROM bag; ROLLBACK',
  'a schema change that was rolled back': 'BEGIN; DROP TABLE bag; CREATE TABLE extra (); ROLLBACK',
  'temporary tables':
    'CREATE TEMP TABLE extra (id serial PRIMARY KEY); CREATE INDEX ON extra (id); DROP TABLE extra; CREATE TEMP VIEW v AS SELECT 1; SELECT * INTO TEMP other FROM bag',
  upkeep: 'REINDEX TABLE bag; ANALYZE bag',
};

describe.each([
  ['in place', inPlace, { changes: true, clones: false }],
  ['of additions', added, { changes: false, clones: false }],
  ['by a new clone', byClone, { changes: true, clones: true }],
  ['as the version can', eitherWay, { changes: true, clones: undefined }],
  ['where nothing changed', untouched, { changes: false, clones: false }],
] as const)('reset %s', (_, cases, { changes, clones }) => {
  test.each(Object.entries(cases))('%s', async (_, act) => {
    const { url } = env.db;
    baseline ??= await stateOf(url);
    const [before, clone] = [baseline, await cloneOf(url)];
    await connected(url, (client) =>
      typeof act === 'string' ? client.query(act) : act(client, url),
    );
    if (changes) expect(await stateOf(url)).not.toEqual(before);
    await env.db.reset();
    expect(await stateOf(url)).toEqual(before);
    if (clones !== undefined) expect((await cloneOf(url)) !== clone).toBe(clones);
    // And the next time, too.
    await env.db.query('INSERT INTO bag VALUES (5)');
    await env.db.reset();
    expect(await stateOf(url)).toEqual(before);
  });
});

test('a sequence that a session holds values of in advance starts over', async () => {
  await connected(env.db.url, async (client) => {
    const next = async () =>
      Number((await client.query("SELECT nextval('cached')")).rows[0].nextval);
    expect(await next()).toBe(1);
    expect(await next()).toBe(2);
    await env.db.reset();
    expect(await next()).toBe(1);
  });
});

test('a table that grew much is cloned, not emptied', async () => {
  const clone = await cloneOf(env.db.url);
  await env.db.query(
    'INSERT INTO audit (note) SELECT repeat(md5(n::text), 30) FROM generate_series(1, 10000) n',
  );
  await env.db.reset();
  expect(await cloneOf(env.db.url)).not.toBe(clone);
  expect(await env.db.query('SELECT count(*)::int AS count FROM audit')).toEqual([{ count: 1 }]);
});

test('a table that had a thousand other columns is cloned: each has left its number', async () => {
  const clone = await cloneOf(env.db.url);
  await env.db.query(
    `DO $$ BEGIN FOR n IN 1..1001 LOOP
       ALTER TABLE bag ADD COLUMN extra int; ALTER TABLE bag DROP COLUMN extra;
     END LOOP; END $$`,
  );
  await env.db.reset();
  expect(await cloneOf(env.db.url)).not.toBe(clone);
});

test('url and pool survive a new clone', async () => {
  const { url, pool } = env.db;
  await pool.query('DROP TABLE audit');
  await env.db.reset();
  expect(env.db.url).toBe(url);
  expect(env.db.pool).toBe(pool);
  const { rows } = await pool.query("SELECT to_regclass('audit') AS found");
  expect(rows).toEqual([{ found: 'audit' }]);
});

test('reset brings the same back a hundred times', async () => {
  const before = await stateOf(env.db.url);
  const clone = await cloneOf(env.db.url);
  for (let round = 0; round < 100; round++) {
    await env.db.query(
      "UPDATE users SET age = age + 1; INSERT INTO empty (x) VALUES (1); SELECT nextval('fresh')",
    );
    await env.db.reset();
  }
  expect(await stateOf(env.db.url)).toEqual(before);
  expect(await cloneOf(env.db.url)).toBe(clone);
});

test('resets at the same time are made in turn', async () => {
  const before = await stateOf(env.db.url);
  await env.db.query('DELETE FROM bag; CREATE TABLE extra ()');
  await Promise.all([env.db.reset(), env.db.reset(), env.db.reset()]);
  expect(await stateOf(env.db.url)).toEqual(before);
});
