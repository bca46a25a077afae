import { use } from '@seamkit/core';
import { postgres } from '@seamkit/postgres';
import { Client } from 'pg';
import { cloneOf, connected } from './database-state';

const env = use({
  db: postgres({
    prepare: (url) =>
      connected(url, (client) =>
        client.query(
          "CREATE TYPE mood AS ENUM ('calm'); CREATE TABLE items (id serial, name text)",
        ),
      ),
  }),
});

let warnings: string[];
const ours = new Set<Client>();
beforeEach(() => {
  warnings = [];
  jest.spyOn(process.stderr, 'write').mockImplementation((line) => {
    warnings.push(String(line));
    return true;
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all([...ours].map((client) => client.end().catch(() => {})));
  ours.clear();
});

/** A client of the service, and the code of the error that ended it. */
async function client(application_name: string) {
  const client = new Client({ connectionString: env.db.url, application_name });
  const ended = new Promise<string | undefined>((resolve) => {
    client.on('error', (error: Error & { code?: string }) => resolve(error.code));
  });
  await client.connect();
  ours.add(client);
  return Object.assign(client, { ended });
}

test('clients live through a reset of what was added, their prepared statements too', async () => {
  const clone = await cloneOf(env.db.url);
  const api = await client('api');
  const all = { name: 'all', text: 'SELECT * FROM items' };
  await api.query('LISTEN news; CREATE TEMP TABLE own (x int)');
  await api.query(all);
  for (let round = 0; round < 3; round++) {
    await env.db.query(
      'ALTER TABLE items ADD COLUMN price int; CREATE TABLE jobs (id serial, item int); CREATE INDEX ON items (name)',
    );
    await api.query({ name: 'jobs', text: 'INSERT INTO jobs (item) VALUES (1) RETURNING id' });
    await env.db.reset();
    expect((await api.query(all)).fields.map(({ name }) => name)).toEqual(['id', 'name']);
  }
  await api.query('INSERT INTO own VALUES (1)');
  expect(await cloneOf(env.db.url)).toBe(clone);
  expect(warnings).toEqual([]);
});

test('clients that a new clone ends are counted and named once, with the command', async () => {
  const [api, worker] = [await client('api'), await client('worker')];
  await worker.query('SELECT 42');
  await env.db.query("ALTER TYPE mood ADD VALUE 'glad'");
  await env.db.reset();
  expect(await api.ended).toBe('57P01');
  expect(await worker.ended).toBe('57P01');
  expect(warnings).toHaveLength(1);
  const [line] = warnings;
  expect(line).toContain('ALTER TYPE public.mood changed the schema');
  expect(line).toContain('ends 2 of its clients');
  expect(line).toMatch(/\(api\).*\(worker\), idle, last query: SELECT 42/);
  expect(line).toContain('Put that command into prepare');
  expect(line).toContain('(in "clients that a new clone ends');
});

test('a new clone that ends nobody says nothing', async () => {
  await (await client('api')).end();
  await env.db.query('DROP TABLE items'); // by our pool, which connects again
  await env.db.reset();
  expect(await env.db.query('SELECT * FROM items')).toEqual([]);
  expect(warnings).toEqual([]);
});

test('what changed the schema is named', async () => {
  const said = async (sql: string) => {
    warnings = [];
    const api = await client('api');
    await env.db.query(sql);
    await env.db.reset();
    await api.ended;
    return /db: (.*?) changed the schema/.exec(warnings.join())?.[1];
  };
  expect(await said('ALTER TABLE items RENAME name TO title')).toBe(
    'ALTER TABLE public.items.title',
  );
  expect(await said('CREATE TABLE extra (); DROP TYPE mood')).toBe('DROP TYPE public.mood');
  expect(await said('GRANT SELECT ON items TO public')).toBe('GRANT');
});
