import type { Project } from './init-project';
import type { Import, Style } from './init-style';

/**
 * How `seamkit init` finds a system that a project talks to, and the first test that it writes for
 * it. Core knows boundaries by name here and nowhere else: a kit that is not installed yet cannot
 * speak for itself.
 */
export interface Recipe {
  kit: string;
  /** What the test calls it. */
  name: string;
  /** Packages whose presence says that the project talks to it. */
  clients: readonly string[];
  write(style: Style, project: Project): string;
}

const useOf = (kit: string): Import[] => [
  { from: '@seamkit/core', names: ['use'] },
  { from: `@seamkit/${kit}`, names: [kit] },
];

const postgres: Recipe = {
  kit: 'postgres',
  name: 'db',
  clients: ['pg', 'postgres', 'pg-promise', 'slonik', '@prisma/client', '@prisma/adapter-pg'],
  write(style, project) {
    const { dependencies, migrations } = project;
    if (migrations) return migrated(style, migrations);
    const own = dependencies.has('knex')
      ? { from: 'knex', names: ['knex'] }
      : { from: 'pg', names: ['Client'] };
    const imports = dependencies.has('pg') ? [...useOf('postgres'), own] : useOf('postgres');
    return style.file(
      imports,
      `
const env = use({ db: postgres() });

test('an order is stored', async () => {
  await env.db.query('create table orders (id serial primary key, total numeric not null)');

  // Your service connects to env.db.url, as to any PostgreSQL server.
${indent(dependencies.has('pg') ? insert[own.names[0] as 'knex' | 'Client'] : insert.none)}

  ${style.equal("await env.db.query('select id, total from orders')", "[{ id: 1, total: '42.00' }]")}
});

test('and in the next test everything is back at the baseline', async () => {
  ${style.equal(`await env.db.query("select to_regclass('orders') as orders")`, '[{ orders: null }]')}
});

// The baseline is an empty database. Give postgres({ prepare: { migrations: 'folder' } }) your SQL
// migrations, or prepare: (url) => … whatever else makes your schema: it runs once per run.
`,
    );
  },
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
    useOf('postgres'),
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
  await env.db.reset(); // as it is done for you after each test
  ${style.equal('await tables()', 'before')}
});
`,
  );
}

const redis: Recipe = {
  kit: 'redis',
  name: 'cache',
  clients: [
    'ioredis',
    'redis',
    '@redis/client',
    'bullmq',
    'bull',
    'iovalkey',
    '@valkey/valkey-glide',
  ],
  write(style, { dependencies }) {
    const [own, lines] = dependencies.has('ioredis')
      ? [
          [{ from: 'ioredis', names: ['Redis'] }],
          `const service = new Redis(env.cache.url);
await service.set('session:1', 'Ada', 'EX', 1800);
service.disconnect();`,
        ]
      : dependencies.has('redis')
        ? [
            [{ from: 'redis', names: ['createClient'] }],
            `const service = await createClient({ url: env.cache.url }).connect();
await service.set('session:1', 'Ada', { EX: 1800 });
await service.quit();`,
          ]
        : [[], `await env.cache.client.set('session:1', 'Ada', 'EX', 1800);`];
    return style.file(
      [...useOf('redis'), ...own],
      `
const env = use({ cache: redis() });

test('a session ends after half an hour', async () => {
  // Your service connects to env.cache.url, as to any Redis server.
${indent(lines)}
  ${style.equal("await env.cache.client.get('session:1')", "'Ada'")}

  await env.cache.advance(30 * 60 * 1000);
  ${style.equal("await env.cache.client.get('session:1')", 'null')}
});

test('and the next test begins with an empty database', async () => {
  ${style.equal('await env.cache.keys()', '[]')}
});
`,
    );
  },
};

const rabbitmq: Recipe = {
  kit: 'rabbitmq',
  name: 'mq',
  clients: ['amqplib', 'amqp-connection-manager', 'rascal', 'rabbitmq-client'],
  write(style, { dependencies }) {
    const own = dependencies.has('amqplib') ? [{ from: 'amqplib', names: ['connect'] }] : [];
    const lines = own.length
      ? `const service = await connect(env.mq.url);
const channel = await service.createConfirmChannel();
channel.sendToQueue('placed', Buffer.from(JSON.stringify({ id: 7 })));
await channel.waitForConfirms();
await service.close();`
      : `await env.mq.publish('', 'placed', { id: 7 });`;
    return style.file(
      [...useOf('rabbitmq'), ...own],
      `
const env = use({ mq: rabbitmq() });

test('an order is announced', async () => {
  await env.mq.channel.assertQueue('placed');

  // Your service connects to env.mq.url, as to any RabbitMQ server.
${indent(lines)}

  const message = await env.mq.next('placed');
  ${style.equal('message.json()', '{ id: 7 }')}
});

test('and the next test begins with an empty virtual host', async () => {
  ${style.equal('(await env.mq.topology()).queues', '[]')}
});
`,
    );
  },
};

const nats: Recipe = {
  kit: 'nats',
  name: 'bus',
  clients: ['@nats-io/transport-node', '@nats-io/nats-core', 'nats'],
  write(style, { dependencies }) {
    const from = ['@nats-io/transport-node', 'nats'].find((name) => dependencies.has(name));
    const lines = from
      ? `const service = await connect(env.bus.connection);
service.publish('orders.placed', JSON.stringify({ id: 7 }));
await service.drain();`
      : `env.bus.client.publish('orders.placed', JSON.stringify({ id: 7 }));`;
    return style.file(
      [...useOf('nats'), ...(from ? [{ from, names: ['connect'] }] : [])],
      `
const env = use({ bus: nats() });

test('an order is announced', async () => {
  const heard = env.bus.client.subscribe('orders.placed', { max: 1 });
  await env.bus.client.flush();

  // Your service connects with env.bus.connection, or to env.bus.url.
${indent(lines)}

  for await (const message of heard) {
    ${style.equal('message.json()', '{ id: 7 }')}
  }
});
`,
    );
  },
};

const s3: Recipe = {
  kit: 's3',
  name: 'store',
  clients: ['@aws-sdk/client-s3', 'minio'],
  write(style, { dependencies }) {
    const aws = dependencies.has('@aws-sdk/client-s3');
    const own = aws
      ? [{ from: '@aws-sdk/client-s3', names: ['PutObjectCommand', 'S3Client'] }]
      : [];
    const lines = aws
      ? `const service = new S3Client(env.store.awsConfig);
const place = { Bucket: env.store.bucket, Key: 'receipts/1.txt' };
await service.send(new PutObjectCommand({ ...place, Body: 'total: 12' }));
service.destroy();`
      : `await env.store.client.putObject(env.store.bucket, 'receipts/1.txt', 'total: 12');`;
    return style.file(
      [...useOf('s3'), ...own],
      `
const env = use({ store: s3() });

test('a receipt is stored', async () => {
  // Your service gets env.store.endpoint, accessKey, secretKey, region and bucket.
${indent(lines)}

  ${style.equal("await env.store.text('receipts/1.txt')", "'total: 12'")}
});

test('and the next test begins with an empty bucket', async () => {
  ${style.equal('await env.store.keys()', '[]')}
});
`,
    );
  },
};

const http: Recipe = {
  kit: 'http',
  name: 'api',
  clients: ['axios', 'undici', 'got', 'ky', 'node-fetch', 'superagent', 'ofetch', 'needle'],
  write(style) {
    return style.file(
      useOf('http'),
      `
const env = use({ api: http() });

test('the other side is told what to answer', async () => {
  env.api.get('/products/7').reply(200, { name: 'Tea' });

  // Your service calls env.api.url, with whatever client it has; or the real host, if that is named:
  // http({ origins: ['https://api.example.com'] }).
  const answer = await fetch(\`\${env.api.url}/products/7\`);

  ${style.equal('await answer.json()', "{ name: 'Tea' }")}
  ${style.equal("env.api.calls('GET /products/7').length", '1')}
});

test('and knows nothing of it in the next test', () => {
  ${style.equal('env.api.calls()', '[]')}
});
`,
    );
  },
};

const auth: Recipe = {
  kit: 'auth',
  name: 'auth',
  clients: [
    'jose',
    'jsonwebtoken',
    'openid-client',
    'express-oauth2-jwt-bearer',
    'jwks-rsa',
    'passport-jwt',
  ],
  write(style) {
    return style.file(
      useOf('auth'),
      `
const env = use({ auth: auth({ audience: 'orders' }) });

test('a service finds the issuer', async () => {
  // Configure your service with env.auth.url and env.auth.audience, and call it with these tokens.
  const answer = await fetch(env.auth.discoveryUrl);

  ${style.equal('(await answer.text()).includes(env.auth.url)', 'true')}
  ${style.equal("env.auth.token({ scope: 'orders:read' }).split('.').length", '3')}
});

test('there are tokens that it must refuse', () => {
  const tokens = env.auth.refused({ scope: 'orders:read' }); // each has a name, and says why
  ${style.equal('tokens.length > 10', 'true')}
});
`,
    );
  },
};

export const recipes: readonly Recipe[] = [postgres, redis, rabbitmq, nats, s3, http, auth];

function indent(lines: string): string {
  return lines.replace(/^(?=.)/gm, '  ');
}
