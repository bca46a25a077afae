import { open, use } from '@seamkit/core';
import { postgres } from '@seamkit/postgres';
import { Client } from 'pg';
import { cloneOf } from './database-state';

const prepare = async (url: string) => {
  const client = new Client(url);
  await client.connect();
  await client.query('CREATE TABLE items (id serial PRIMARY KEY, name text)');
  await client.end();
};
const env = use({ db: postgres({ prepare }) });

let warnings: string[];
beforeEach(() => {
  warnings = [];
  jest.spyOn(process.stderr, 'write').mockImplementation((line) => {
    warnings.push(String(line));
    return true;
  });
});
afterEach(() => jest.restoreAllMocks());

/** A client that the test leaves behind. */
async function leftBehind(...queries: string[]): Promise<Client & { gone: Promise<unknown> }> {
  const client = new Client(env.db.url);
  const gone = new Promise((resolve) => {
    client.on('error', () => {});
    client.once('end', resolve);
  });
  await client.connect();
  for (const query of queries) await client.query(query).catch(() => {});
  return Object.assign(client, { gone });
}

/** How many queries sleep here: the view has those of other files' databases, too. */
const sleeping = async () =>
  (
    await env.db.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)'
         AND state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()`,
    )
  )[0].n;

const count = async () => (await env.db.query('SELECT count(*)::int AS n FROM items'))[0].n;

test.each([
  ['idle in transaction', ['BEGIN', "INSERT INTO items (name) VALUES ('x')"]],
  ['idle in transaction (aborted)', ['BEGIN', 'SELECT nonsense']],
  ['idle in transaction', ['BEGIN', 'LOCK TABLE items']],
])('a transaction left %s is ended and named', async (state, queries) => {
  const clone = await cloneOf(env.db.url);
  const client = await leftBehind(...queries);
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid').catch(() => ({ rows: [] }));
  await env.db.reset();
  await client.gone;
  expect(await count()).toBe(0);
  const line = warnings.find((warning) => warning.includes('ends an open transaction'));
  expect(line).toContain(`${state}, last query:`);
  if (rows.length) expect(line).toContain(`pid ${rows[0].pid}`);
  expect(await cloneOf(env.db.url)).toBe(clone);
});

test('a query that still runs is ended, not waited for', async () => {
  const client = await leftBehind();
  const outcome = client.query('SELECT pg_sleep(600)').catch((error) => error.code);
  while ((await sleeping()) === 0);
  await env.db.reset();
  expect(await outcome).toBe('57P01');
  expect(warnings.join()).toContain('SELECT pg_sleep(600)');
});

test('a query that ends by itself at once is not cut off', async () => {
  const client = await leftBehind();
  const outcome = client.query('SELECT pg_sleep(0.05)').then(({ rowCount }) => rowCount);
  await env.db.reset();
  expect(await outcome).toBe(1);
  expect(warnings).toEqual([]);
  await client.end();
});

test('a client without a transaction stays', async () => {
  const client = await leftBehind('SELECT 1');
  await env.db.query("INSERT INTO items (name) VALUES ('x')");
  await env.db.reset();
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  expect(warnings).toEqual([]);
  await client.end();
});

test('clients of the pool that a test never gave back do not use it up', async () => {
  for (let round = 0; round < 25; round++) {
    const client = await env.db.pool.connect();
    await client.query('BEGIN');
    await client.query("INSERT INTO items (name) VALUES ('x')");
    await env.db.reset();
    if (round % 2) client.release(); // too late, but no harm
  }
  expect(await count()).toBe(0);
});

test('a query of the pool that nobody awaited is no trouble', async () => {
  for (let round = 0; round < 5; round++) {
    const outcome = env.db.pool.query('SELECT pg_sleep(600)').then(
      () => 'answered',
      () => 'ended',
    );
    while (env.db.pool.totalCount === 0 || env.db.pool.waitingCount > 0) await count();
    while ((await sleeping()) === 0);
    await env.db.reset();
    expect(await outcome).toBe('ended');
  }
  expect(await count()).toBe(0);
});

test('the pool works after a new clone, whatever was left in it', async () => {
  const client = await env.db.pool.connect();
  await client.query('CREATE TABLE extra ()');
  await client.query('BEGIN');
  await env.db.pool.query('SELECT 1');
  await env.db.reset();
  expect(await count()).toBe(0);
});

test('a prepared transaction is rolled back', async () => {
  await using own = await open({
    db: postgres({ prepare, settings: { max_prepared_transactions: 5 } }),
  });
  await own.db.query(
    "BEGIN; INSERT INTO items (name) VALUES ('x'); PREPARE TRANSACTION 'it''s left'",
  );
  await own.reset();
  expect(await own.db.query('SELECT gid FROM pg_prepared_xacts')).toEqual([]);
  expect(await own.db.query('SELECT * FROM items')).toEqual([]);
  expect(warnings.join()).toContain("it's left");
});

test('a statement that just failed is no open transaction', async () => {
  const client = new Client(env.db.url);
  await client.connect();
  try {
    // The client hears of the failure before the server is idle again: many times, to meet that.
    for (let round = 0; round < 200; round++) {
      await client.query('SELECT nonsense').catch(() => {});
      await env.db.reset();
    }
    await client.query('SELECT 1');
  } finally {
    await client.end();
  }
  expect(warnings).toEqual([]);
});
