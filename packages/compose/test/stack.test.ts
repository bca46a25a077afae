import { compose } from '@seamkit/compose';
import { open, use } from '@seamkit/core';
import { keeperStatus } from '@seamkit/core/inspect';
import { postgres } from '@seamkit/postgres';
import { rabbitmq } from '@seamkit/rabbitmq';
import { redis } from '@seamkit/redis';
import { s3 } from '@seamkit/s3';
import { Redis } from 'ioredis';
import { describeWithEngine, fixture } from './engine';

// RabbitMQ boots in 4 s, and in 20 s where others use the processors.
jest.setTimeout(180_000);

describeWithEngine('a stack', () => {
  const options = { env: { SHOP_GREETING: 'good day' }, startTimeout: 100_000 };
  const stack = compose(fixture('shop.yml'), options);
  const env = use({
    stack,
    api: stack.service('api'),
    migrate: stack.service('migrate'),
    db: stack.service('db', postgres({ prepare: [fixture('orders.sql')] })),
    cache: stack.service('cache', redis()),
    mq: stack.service('mq', rabbitmq()),
    store: stack.service('store', s3()),
  });

  test('the services are those without a profile', () => {
    expect(Object.keys(env.stack.services).sort()).toEqual([
      'api',
      'cache',
      'db',
      'migrate',
      'mq',
      'store',
    ]);
  });

  test('a service answers at its url, which is the same by either way', async () => {
    expect(env.api.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(env.api.url).toBe(env.stack.services.api!.url);
    expect(new URL(env.api.url).port).toBe(String(env.api.port(8080)));
    const client = new Redis(env.api.port(), env.api.host); // what this api happens to speak
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  test('fixed ports are replaced, and ports of the image are known, too', () => {
    expect(env.stack.services.db!.port()).toBe(env.stack.services.db!.port(5432));
    expect(env.stack.services.db!.port()).not.toBe(5432);
    expect(env.stack.services.mq!.port(15672)).toBeGreaterThan(0);
  });

  test('a port that nobody knows is refused by name', () => {
    expect(() => env.api.port(81)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', hint: expect.stringContaining('8080') }),
    );
    expect(() => env.migrate.url).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });

  test('logs, with variables filled in', async () => {
    expect(await env.api.logs()).toMatch(/^good day, \$\{HOSTNAME\}$/m);
    expect(await env.migrate.logs()).toMatch(/^migrated/);
  });

  describe('a service that a kit knows has a private sandbox', () => {
    test('(each is written to)', async () => {
      await env.db.query("INSERT INTO orders (what) VALUES ('tea')");
      await env.cache.client.set('key', 'value');
      await env.store.put('key', 'value');
      await env.mq.channel.assertQueue('orders');
    });

    test('each is back at its baseline', async () => {
      expect(await env.db.query('SELECT * FROM orders')).toEqual([]);
      expect(await env.cache.keys()).toEqual([]);
      expect(await env.store.keys()).toEqual([]);
      expect((await env.mq.topology()).queues).toEqual([]);
    });
  });

  test('another file of the run gets the same servers and other sandboxes', async () => {
    const again = compose(fixture('shop.yml'), options);
    await using other = await open({ stack: again, cache: again.service('cache', redis()) });
    expect(other.stack.services.db!.port()).toBe(env.stack.services.db!.port());
    expect(other.cache.url).not.toBe(env.cache.url);
    const { servers } = (await keeperStatus(process.env.SEAMKIT_WORKSPACE!))!;
    expect(servers.map(({ kit }) => kit).sort()).toEqual([
      'compose',
      'postgres',
      'rabbitmq',
      'redis',
      's3',
    ]);
  });
});
