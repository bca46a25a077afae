import { open } from '@seamkit/core';
import { postgres } from '@seamkit/postgres';
import type { PoolClient } from 'pg';
import { connected } from './database-state';

const prepare = (url: string) =>
  connected(url, (client) =>
    client.query(
      "CREATE TABLE items (id serial PRIMARY KEY, name text UNIQUE); INSERT INTO items (name) VALUES ('kept')",
    ),
  );

const names = async ({ query }: { query(text: string): Promise<any[]> }) =>
  (await query('SELECT name FROM items ORDER BY name')).map(({ name }) => name);

describe('clone', () => {
  const opened = () => open({ db: postgres({ prepare, isolation: 'clone' }) });

  test('each test has a database of its own, with another url', async () => {
    await using env = await opened();
    const urls = new Set<string>();
    for (let round = 0; round < 3; round++) {
      urls.add(env.db.url);
      expect(await names(env.db)).toEqual(['kept']);
      await env.db.query("INSERT INTO items (name) VALUES ('x'); CREATE TABLE extra ()");
      await env.reset();
    }
    expect(urls.size).toBe(3);
  });

  test('reset() within a test is another database, too', async () => {
    await using env = await opened();
    const { url } = env.db;
    await env.db.query("INSERT INTO items (name) VALUES ('x')");
    await env.db.reset();
    expect(env.db.url).not.toBe(url);
    expect(await names(env.db)).toEqual(['kept']);
  });

  test('nothing of ours is in the database', async () => {
    await using env = await opened();
    const found = await env.db.query(
      `SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE '%seamkit%'
       UNION ALL SELECT tgname FROM pg_trigger WHERE tgname LIKE '%seamkit%'
       UNION ALL SELECT evtname FROM pg_event_trigger`,
    );
    expect(found).toEqual([]);
  });
});

describe('rollback', () => {
  const opened = () => open({ db: postgres({ prepare, isolation: 'rollback' }) });

  test('what a test writes is rolled back, sequences with it', async () => {
    await using env = await opened();
    const ids: unknown[] = [];
    for (let round = 0; round < 3; round++) {
      const { rows } = await env.db.pool.query(
        "INSERT INTO items (name) VALUES ('x') RETURNING id",
      );
      ids.push(rows[0].id);
      expect(await names(env.db)).toEqual(['kept', 'x']);
      await env.reset();
      expect(await names(env.db)).toEqual(['kept']);
    }
    expect(ids).toEqual([2, 2, 2]);
  });

  test('also what a test committed, and its schema changes', async () => {
    await using env = await opened();
    await env.db.query('BEGIN');
    await env.db.query("INSERT INTO items (name) VALUES ('x')");
    await env.db.query('COMMIT');
    await env.db.query('CREATE TABLE extra ()');
    await env.reset();
    expect(await names(env.db)).toEqual(['kept']);
    expect(await env.db.query("SELECT to_regclass('extra') AS found")).toEqual([{ found: null }]);
  });

  test('transactions are savepoints, nested ones too', async () => {
    await using env = await opened();
    const add = (client: PoolClient, name: string) =>
      client.query('INSERT INTO items (name) VALUES ($1)', [name]);
    const client = await env.db.pool.connect();
    await client.query('BEGIN');
    await add(client, 'outer');
    await client.query('start transaction isolation level serializable');
    await add(client, 'inner');
    await client.query('ROLLBACK');
    await client.query('SAVEPOINT mine');
    await add(client, 'undone');
    await client.query('ROLLBACK TO SAVEPOINT mine');
    await client.query('COMMIT');
    await client.query('BEGIN');
    await add(client, 'second');
    await client.query('ROLLBACK');
    client.release();
    expect(await names(env.db)).toEqual(['kept', 'outer']);
  });

  test('a statement that fails spoils nothing', async () => {
    await using env = await opened();
    await env.db.query("INSERT INTO items (name) VALUES ('x')");
    await expect(env.db.query("INSERT INTO items (name) VALUES ('kept')")).rejects.toMatchObject({
      code: '23505',
    });
    expect(await names(env.db)).toEqual(['kept', 'x']);
  });

  test('COMMIT of a failed transaction rolls it back', async () => {
    await using env = await opened();
    await env.db.query('BEGIN');
    await env.db.query("INSERT INTO items (name) VALUES ('x')");
    await expect(env.db.query('SELECT nonsense')).rejects.toThrow('nonsense');
    await expect(env.db.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
    await env.db.query('COMMIT');
    expect(await names(env.db)).toEqual(['kept']);
  });

  test('queries at the same time are run in turn', async () => {
    await using env = await opened();
    await Promise.all(
      ['a', 'b', 'c', 'kept', 'd'].map((name) =>
        env.db.pool.query('INSERT INTO items (name) VALUES ($1)', [name]).catch(() => {}),
      ),
    );
    expect(await names(env.db)).toEqual(['a', 'b', 'c', 'd', 'kept']);
  });

  test('callbacks work as in pg', async () => {
    await using env = await opened();
    const rows = await new Promise((resolve, reject) =>
      env.db.pool.connect((error, client, release) => {
        if (error) return reject(error);
        client!.query('SELECT $1::int AS n', [5], (failed, result) => {
          release();
          if (failed) reject(failed);
          else resolve(result.rows);
        });
      }),
    );
    expect(rows).toEqual([{ n: 5 }]);
  });

  test('a second connection fails loudly', async () => {
    await using env = await opened();
    const client = await env.db.pool.connect();
    await expect(env.db.pool.connect()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(env.db.pool.query('SELECT 1')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(() => env.db.url).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    expect(() => env.db.connection).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    client.release();
    await expect(env.db.query('BEGIN; SELECT 1')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(await names(env.db)).toEqual(['kept']);
  });

  test('a client that a test kept is taken back, with its transaction', async () => {
    await using env = await opened();
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const client = await env.db.pool.connect();
    await client.query('BEGIN');
    await client.query("INSERT INTO items (name) VALUES ('x')");
    await env.reset();
    expect(await names(env.db)).toEqual(['kept']);
    expect(process.stderr.write).toHaveBeenCalledWith(expect.stringContaining('did not release'));
    jest.restoreAllMocks();
  });

  test('an app may end the pool', async () => {
    await using env = await opened();
    await env.db.pool.end();
    await env.reset();
    expect(await names(env.db)).toEqual(['kept']);
  });
});
