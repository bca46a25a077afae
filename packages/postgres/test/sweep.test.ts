import type { Driver, RuntimeName } from '@seamkit/core';
import { driverOn, type OpenServer, openServer } from '@seamkit/core/inspect';
import { type PostgresMembers, postgres } from '@seamkit/postgres';
import { connected } from './database-state';

/** The server that this workspace's other test files are on, too: nothing of theirs may be swept. */
let server: OpenServer;
beforeAll(async () => {
  server = await openServer(postgres());
});
afterAll(() => server.close());

const admin = async (sql: string) =>
  (await connected(server.endpoint.url, (client) => client.query(sql))).rows;

const owner = (name: string) => ({ name: `seamkit_${name}_t1`, index: 1, owner: name });
const drivers: Driver<PostgresMembers, any, any>[] = [];
afterEach(async () => {
  for (const driver of drivers.splice(0)) await driver.close();
});

/** A run on some machine; as its own server's keeper's, where the runtime is not external. */
async function run(name: string, runtime: RuntimeName = 'external') {
  const driver = await driverOn(postgres(), server.endpoint, { owner: name, runtime });
  drivers.push(driver);
  return driver;
}

/** In the registry of the server's administrator. */
async function claims(sql: string) {
  const url = new URL(server.endpoint.url);
  url.pathname = '/seamkit_registry_10';
  return (await connected(url.href, (client) => client.query(sql))).rows;
}
/** As if an owner had made its databases long ago. */
const age = (name: string) =>
  claims(`UPDATE seamkit.claims SET made = 'epoch' WHERE owner = '${name}'`);
const claimed = (...owners: string[]) =>
  claims(`SELECT name FROM seamkit.claims WHERE owner IN ('${owners.join("', '")}')`);
const there = async (...names: string[]) =>
  (await admin('SELECT datname FROM pg_database ORDER BY datname COLLATE "C"'))
    .map(({ datname }) => datname)
    .filter((name) => names.includes(name));

test('drops what dead owners left, and nothing else', async () => {
  const [dead, young, living, sweeper] = [
    await run('dead1'),
    await run('young1'),
    await run('living1'),
    await run('sweep'),
  ];
  const foreign = ['seamkit_dead1_s9', 'seamkit_dead1_t1_copy', 'someone_else'];
  const mine = ['dead1', 'young1', 'living1'].map((name) => owner(name).name);
  try {
    await dead.template(owner('dead1'));
    await young.template(owner('young1'));
    await living.template(owner('living1'));
    for (const name of foreign) {
      await admin(`CREATE DATABASE ${name}`);
      await admin(`COMMENT ON DATABASE ${name} IS 'seamkit 1000 x'`);
    }
    await age('dead1');
    await age('living1');
    await dead.close();
    await young.close();
    expect(await sweeper.sweep!()).toEqual(['seamkit_dead1_t1']);
    expect(await there(...mine, ...foreign)).toEqual(
      ['seamkit_young1_t1', 'seamkit_living1_t1', ...foreign].sort(),
    );
    expect(await sweeper.sweep!('young1')).toEqual(['seamkit_young1_t1']);
    await living.destroyTemplate({ name: 'seamkit_living1_t1' });
    expect(await claimed('dead1', 'young1', 'living1')).toEqual([]);
  } finally {
    for (const name of foreign) await admin(`DROP DATABASE IF EXISTS ${name}`);
  }
});

test('what somebody else made under a name that was ours stays', async () => {
  const [dead, sweeper] = [await run('dead2'), await run('sweep')];
  const { name } = owner('dead2');
  await dead.create(owner('dead2'), { name: 'template0', properties: [] });
  const [{ comment }] = await admin(
    `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = '${name}'`,
  );
  await admin(`DROP DATABASE ${name}`);
  await admin(`CREATE DATABASE ${name}`);
  await admin(`COMMENT ON DATABASE ${name} IS '${comment}'`);
  try {
    expect(await sweeper.sweep!('dead2')).toEqual([]);
    expect(await there(name)).toEqual([name]);
    expect(await claimed('dead2')).toEqual([]);
  } finally {
    await admin(`DROP DATABASE IF EXISTS ${name}`);
  }
});

test('what was being made when its owner was killed is dropped', async () => {
  const [killed, sweeper] = [await run('killed2'), await run('sweep')];
  const { name } = owner('killed2');
  await killed.create(owner('killed2'), { name: 'template0', properties: [] });
  await claims(`UPDATE seamkit.claims SET oid = NULL WHERE name = '${name}'`);
  expect(await sweeper.sweep!('killed2')).toEqual([name]);
  expect(await there(name)).toEqual([]);
});

test('a name that is taken is not claimed', async () => {
  const [late, sweeper] = [await run('late2'), await run('sweep')];
  const { name } = owner('late2');
  await admin(`CREATE DATABASE ${name}`);
  try {
    await expect(
      late.create(owner('late2'), { name: 'template0', properties: [] }),
    ).rejects.toThrow('already exists');
    expect(await sweeper.sweep!('late2')).toEqual([]);
    expect(await there(name)).toEqual([name]);
  } finally {
    await admin(`DROP DATABASE IF EXISTS ${name}`);
  }
});

test("the databases of the server's own keeper stay, though nobody is connected", async () => {
  const [home, sweeper] = [await run('home2', 'process'), await run('sweep')];
  const { name } = owner('home2');
  await home.create(owner('home2'), { name: 'template0', properties: [] });
  await home.close();
  expect(await sweeper.sweep!('home2')).toEqual([]);
  expect(await there(name)).toEqual([name]);
  await (await run('home2', 'process')).destroy({ name });
});
