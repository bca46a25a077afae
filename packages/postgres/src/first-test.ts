import type { FirstTest, Style } from '@seamkit/core/first-test';

/** For `seamkit init`. */
export const firstTest: FirstTest = (style, project) => {
  const { dependencies, migrations } = project;
  if (migrations) return migrated(style, migrations);
  const own = dependencies.has('knex')
    ? { from: 'knex', names: ['knex'] }
    : { from: 'pg', names: ['Client'] };
  const imports = dependencies.has('pg') ? [own] : [];
  return style.file(
    imports,
    `
const env = use({ db: postgres() });

test('an order is stored', async () => {
  await env.db.query('create table orders (id serial primary key, total numeric not null)');

  // Your service connects to env.db.url, as to any PostgreSQL server.
${style.indent(dependencies.has('pg') ? insert[own.names[0] as 'knex' | 'Client'] : insert.none)}

  ${style.equal("await env.db.query('select id, total from orders')", "[{ id: 1, total: '42.00' }]")}
});

test('and in the next test everything is back at the baseline', async () => {
  ${style.equal(`await env.db.query("select to_regclass('orders') as orders")`, '[{ orders: null }]')}
});

// The baseline is an empty database. Give postgres({ prepare: { migrations: 'folder' } }) your SQL
// migrations, or prepare: (url) => … whatever else makes your schema: it runs once per run.
`,
  );
};

const insert = {
  knex: `const service = knex({ client: 'pg', connection: env.db.url });
await service('orders').insert({ total: '42.00' });
await service.destroy();`,
  Client: `const service = new Client({ connectionString: env.db.url });
await service.connect();
await service.query("insert into orders (total) values ('42.00')");
await service.end();`,
  none: `await env.db.query("insert into orders (total) values ('42.00')");`,
};

function migrated(style: Style, folder: string): string {
  const tables = `select table_name from information_schema.tables
     where table_schema not in ('information_schema', 'pg_catalog')`;
  return style.file(
    [],
    `
const env = use({ db: postgres({ prepare: { migrations: '${folder}' } }) });

const tables = () =>
  env.db.query(
    \`${tables}\`,
  );

test('the migrations have run', async () => {
  // Your service connects to env.db.url, as to any PostgreSQL server.
  ${style.equal('(await tables()).length > 0', 'true')}
});

test('what a test writes is gone in the next one', async () => {
  const before = await tables();
  await env.db.query('create table scratch (id int)');
  await env.db.reset(); // as it is done for you before each test
  ${style.equal('await tables()', 'before')}
});
`,
  );
}
