import { readConfig } from '../../src/config';

const least = { DATABASE_URL: 'postgres://localhost/orders' };

test('the database is all that must be named', () => {
  expect(readConfig(least)).toEqual({
    databaseUrl: 'postgres://localhost/orders',
    logLevel: 'info',
    paymentMinutes: 30,
    listen: { host: '127.0.0.1', port: 3000 },
  });
});

test('the environment decides where to listen', () => {
  const { listen } = readConfig({ ...least, HOST: '0.0.0.0', PORT: '8080' });
  expect(listen).toEqual({ host: '0.0.0.0', port: 8080 });
});

test('a part is configured by its url, or its key', () => {
  const config = readConfig({
    ...least,
    REDIS_URL: 'redis://localhost',
    PRODUCT_CACHE_SECONDS: '5',
    AMQP_URL: 'amqp://localhost',
    S3_URL: 'http://localhost:9000',
    S3_BUCKET: 'receipts',
    S3_ACCESS_KEY: 'key',
    S3_SECRET_KEY: 'secret',
    PAYMENTS_KEY: 'key',
    OIDC_ISSUER: 'https://login.example',
    OIDC_AUDIENCE: 'orders',
    EXPORT_FOLDER: '/srv/exports',
  });

  expect(config).toMatchObject({
    cache: { url: 'redis://localhost', seconds: 5 },
    broker: { url: 'amqp://localhost', attempts: 3, retryDelay: 5000 },
    storage: { url: 'http://localhost:9000', region: 'us-east-1', bucket: 'receipts' },
    payments: { url: 'https://api.payments.example', key: 'key', timeout: 10_000 },
    auth: { issuer: 'https://login.example', audience: 'orders' },
    exportFolder: '/srv/exports',
  });
});

test.each([
  [{}, 'DATABASE_URL is not set'],
  [{ ...least, PORT: 'http' }, 'PORT is no whole number above 0: http'],
  [{ ...least, S3_URL: 'http://localhost:9000' }, 'S3_BUCKET is not set'],
  [
    { ...least, REDIS_URL: 'redis://localhost', PRODUCT_CACHE_SECONDS: '-1' },
    'PRODUCT_CACHE_SECONDS is no whole number above 0: -1',
  ],
])('a bad environment is refused by name: %j', (env, message) => {
  expect(() => readConfig(env)).toThrow(message);
});
