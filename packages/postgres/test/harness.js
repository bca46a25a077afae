const { postgres } = require('@seamkit/postgres');
const { Client } = require('pg');

/** @param {string} url @param {(client: import('pg').Client) => Promise<any>} work */
async function connected(url, work) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const table = 'CREATE TABLE IF NOT EXISTS entries (key text PRIMARY KEY, value text NOT NULL)';

/** @param {Record<string, string>} entries */
const fill = (entries) => (/** @type {string} */ url) =>
  connected(url, async (client) => {
    await client.query(table);
    for (const [key, value] of Object.entries(entries)) {
      await client.query('INSERT INTO entries VALUES ($1, $2)', [key, value]);
    }
  });

/** @type {import('@seamkit/conformance').Harness<import('@seamkit/postgres').PostgresMembers>} */
module.exports = {
  kit: postgres,
  options: { prepare: fill({}), key: 'an empty table' },
  prepare: (entries) => ({ prepare: fill(entries), key: JSON.stringify(entries) }),
  write: ({ url }, key, value) =>
    connected(url, (client) =>
      client.query(
        'INSERT INTO entries VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = $2',
        [key, value],
      ),
    ),
  read: ({ url }, key) =>
    connected(url, async (client) => {
      const { rows } = await client.query('SELECT value FROM entries WHERE key = $1', [key]);
      return rows[0]?.value;
    }),
  changeShape: ({ url }, round) =>
    connected(url, (client) =>
      client.query(`
        CREATE TABLE added_${round} (id serial PRIMARY KEY, note text DEFAULT 'none' UNIQUE);
        INSERT INTO added_${round} VALUES (DEFAULT);
        ALTER TABLE entries ADD COLUMN note_${round} text;
        CREATE TYPE mood_${round} AS ENUM ('good', 'bad');
        CREATE FUNCTION answer_${round}() RETURNS int LANGUAGE sql AS 'SELECT ${round}';
        CREATE SEQUENCE counter_${round};
        SELECT nextval('counter_${round}')`),
    ),
  describe: ({ url }) =>
    connected(url, async (client) => {
      const results = await client.query(`
        SELECT table_name, column_name, data_type, column_default
          FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2;
        SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1;
        SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1;
        SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1;
        SELECT typname FROM pg_type
          WHERE typnamespace = 'public'::regnamespace AND typtype = 'e' ORDER BY 1`);
      return /** @type {any} */ (results).map(({ rows }) => rows);
    }),
  async leak({ url }) {
    const client = new Client({ connectionString: url });
    client.on('error', () => {}); // it will be ended
    await client.connect();
    await client.query('BEGIN');
    await client.query("INSERT INTO entries VALUES ('leaked', 'yes')");
    await client.query('LOCK TABLE entries IN ACCESS EXCLUSIVE MODE');
  },
  list: ({ url }) =>
    connected(url, async (client) => {
      const { rows } = await client.query(
        "SELECT datname FROM pg_database WHERE datname LIKE 'seamkit%'",
      );
      return rows.map(({ datname }) => datname);
    }),
  async intrude(port) {
    for (const access of ['postgres', 'postgres:postgres']) {
      const url = `postgres://${access}@127.0.0.1:${port}/postgres`;
      const name = await connected(url, () => access).catch(() => undefined);
      if (name) return `connect as ${name}`;
    }
  },
  refused: [
    { options: { nope: 1 }, code: 'OPTION_INVALID' },
    { options: { version: 'newest' }, code: 'OPTION_INVALID' },
    { options: { version: '9.6' }, code: 'VERSION_UNAVAILABLE' },
    { options: { url: 'mysql://127.0.0.1:3306/shop' }, code: 'URL_INVALID' },
    { options: { prepare: ['/dev/zero'] }, code: 'OPTION_INVALID' },
    { options: { prepare: 5 }, code: 'OPTION_INVALID' },
    { options: { prepare: { migrations: '/nowhere/at/all' } }, code: 'OPTION_INVALID' },
    { options: { prepare: ['/nowhere/at/all.sql'] }, code: 'OPTION_INVALID' },
    { options: { isolation: 'some' }, code: 'OPTION_INVALID' },
    { options: { extensions: 'citext' }, code: 'OPTION_INVALID' },
    { options: { settings: { port: 5432 } }, code: 'OPTION_INVALID' },
    { options: { settings: { 'no name': 1 } }, code: 'OPTION_INVALID' },
    { options: { settings: { work_mem: null } }, code: 'OPTION_INVALID' },
  ],
};
