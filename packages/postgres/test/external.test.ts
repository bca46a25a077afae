import { open, type SeamkitError } from '@seamkit/core';
import { type OpenServer, openServer } from '@seamkit/core/inspect';
import { type PostgresOptions, postgres } from '@seamkit/postgres';
import { Client } from 'pg';
import { cloneOf, connected, stateOf } from './database-state';

/** A server of ours, for this file alone, plays somebody else's. */
let server: OpenServer;
beforeAll(async () => {
  server = await openServer(postgres({ settings: { 'test.file': 'external' } }));
});
afterAll(() => server.close());

const admin = async (sql: string) =>
  (await connected(server.endpoint.url, (client) => client.query(sql))).rows;

/** A url of a role of its own. */
async function roleUrl(name: string, attributes: string): Promise<string> {
  await admin(`DROP ROLE IF EXISTS ${name}`);
  await admin(`CREATE ROLE ${name} LOGIN PASSWORD 'x' ${attributes}`);
  const url = new URL(server.endpoint.url);
  url.username = name;
  url.password = 'x';
  return url.href;
}

const prepare = (url: string) =>
  connected(url, (client) =>
    client.query(
      "CREATE TABLE items (id serial PRIMARY KEY, name text); INSERT INTO items (name) VALUES ('kept')",
    ),
  );

async function refusal(options: PostgresOptions): Promise<SeamkitError> {
  try {
    await using _ = await open({ db: postgres(options) });
  } catch (error) {
    return error as SeamkitError;
  }
  throw new Error('it was not refused');
}

test('a superuser: reset in place, as on a server of ours', async () => {
  await using env = await open({ db: postgres({ url: server.endpoint.url, prepare }) });
  const { url } = env.db;
  const [state, clone] = [await stateOf(url), await cloneOf(url)];
  await env.db.query("DELETE FROM items; SELECT nextval('items_id_seq')");
  await env.db.reset();
  expect(await stateOf(url)).toEqual(state);
  expect(await cloneOf(url)).toBe(clone);
});

describe('a role that may create databases, and no more', () => {
  let url: string;
  beforeAll(async () => {
    url = await roleUrl('seamkit_test_creator', 'CREATEDB');
  });

  test.each([
    ['a write', "UPDATE items SET name = 'x'"],
    ['nextval alone', "SELECT nextval('items_id_seq')"],
    ['nextval of a rolled-back transaction', "BEGIN; SELECT nextval('items_id_seq'); ROLLBACK"],
    ['setval of a value not used yet', "SELECT setval('items_id_seq', 1, false)"],
    ['a schema change', 'CREATE TABLE extra (x int)'],
  ])('%s is undone, by a new clone', async (_, sql) => {
    await using env = await open({ db: postgres({ url, prepare }) });
    const [state, clone] = [await stateOf(env.db.url), await cloneOf(env.db.url)];
    await env.db.query(sql);
    await env.db.reset();
    expect(await stateOf(env.db.url)).toEqual(state);
    expect(await cloneOf(env.db.url)).not.toBe(clone);
  });

  test('where nothing was written on the server, the clone stays', async () => {
    await using env = await open({ db: postgres({ url, prepare }) });
    await env.db.reset(); // what was written before is behind it
    const clone = await cloneOf(env.db.url);
    await env.db.query('SELECT * FROM items');
    await env.db.reset();
    expect(await cloneOf(env.db.url)).toBe(clone);
  });

  test('open transactions are ended', async () => {
    const warned = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    await using env = await open({ db: postgres({ url, prepare }) });
    const client = await env.db.pool.connect();
    await client.query("BEGIN; INSERT INTO items (name) VALUES ('x')");
    await env.db.reset();
    expect(await env.db.query('SELECT name FROM items')).toEqual([{ name: 'kept' }]);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('idle in transaction'));
    jest.restoreAllMocks();
  });

  test('a file has no baseline of its own', async () => {
    await using env = await open({ db: postgres({ url, prepare }) });
    await expect(env.db.setBaseline()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('isolation clone works', async () => {
    await using env = await open({ db: postgres({ url, prepare, isolation: 'clone' }) });
    await env.db.query('DELETE FROM items');
    await env.reset();
    expect(await env.db.query('SELECT name FROM items')).toEqual([{ name: 'kept' }]);
  });

  test('isolation rollback works', async () => {
    await using env = await open({ db: postgres({ url, prepare, isolation: 'rollback' }) });
    await env.db.query('DELETE FROM items');
    await env.reset();
    expect(await env.db.query('SELECT name FROM items')).toEqual([{ name: 'kept' }]);
  });
});

test('connection has the parts of the url, as clients take them', async () => {
  const url = new URL(await roleUrl('seamkit_test_parts', 'CREATEDB'));
  await admin("ALTER ROLE seamkit_test_parts PASSWORD 'a@b/%41 é'");
  url.password = encodeURIComponent('a@b/%41 é');
  await using env = await open({ db: postgres({ url: url.href, prepare }) });
  const { connection } = env.db;
  expect(connection).toEqual({
    host: url.hostname,
    port: Number(url.port),
    user: 'seamkit_test_parts',
    password: 'a@b/%41 é',
    database: new URL(env.db.url).pathname.slice(1),
  });
  const client = new Client(connection);
  await client.connect();
  expect((await client.query('SELECT name FROM items')).rows).toEqual([{ name: 'kept' }]);
  await client.end();
});

describe('refused, with the next thing to do', () => {
  test('a role without CREATEDB', async () => {
    const error = await refusal({ url: await roleUrl('seamkit_test_nobody', '') });
    expect(error.code).toBe('PERMISSION_MISSING');
    expect(error.hint).toContain('ALTER ROLE "seamkit_test_nobody" CREATEDB;');
  });

  test('a wrong password, which is not repeated', async () => {
    const url = new URL(server.endpoint.url);
    url.password = 'wr0ng';
    const error = await refusal({ url: url.href });
    expect(error.code).toBe('SERVER_UNREACHABLE');
    expect(error.hint).toContain('password');
    expect(error.message).not.toContain('wr0ng');
  });

  test('nobody there', async () => {
    const error = await refusal({ url: 'postgres://postgres@127.0.0.1:1/postgres' });
    expect(error.code).toBe('SERVER_UNREACHABLE');
    expect(error.hint).toContain('host and port');
  });

  test('a database that is not there', async () => {
    const url = new URL(server.endpoint.url);
    url.pathname = '/nowhere';
    expect(await refusal({ url: url.href })).toMatchObject({ code: 'SERVER_UNREACHABLE' });
  });

  test('a url of another protocol', async () => {
    expect(await refusal({ url: 'mysql://root@127.0.0.1:3306/x' })).toMatchObject({
      code: 'URL_INVALID',
    });
  });

  test('settings that the server does not have', async () => {
    const { url } = server.endpoint;
    const [{ work_mem }] = await admin('SHOW work_mem');
    const error = await refusal({ url, settings: { work_mem: '77MB' } });
    expect(error.code).toBe('SERVER_MISMATCH');
    expect(error.message).toContain(`work_mem = ${work_mem}, not 77MB`);
    await using env = await open({ db: postgres({ url, settings: { work_mem } }) });
    expect(await env.db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a registry that another role has made is not believed', async () => {
    const url = await roleUrl('seamkit_test_other', 'CREATEDB');
    const [{ oid }] = await admin("SELECT oid FROM pg_roles WHERE rolname = 'seamkit_test_other'");
    const registry = `seamkit_registry_${oid}`;
    await admin(`CREATE DATABASE ${registry}`);
    try {
      const error = await refusal({ url, prepare });
      expect(error).toMatchObject({
        code: 'PERMISSION_MISSING',
        hint: expect.stringContaining(`ALTER DATABASE "${registry}" RENAME`),
      });
    } finally {
      await admin(`DROP DATABASE ${registry}`);
    }
  });
});
