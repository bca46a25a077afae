import { readConfig } from '../../src/config';

const least = { DATABASE_URL: 'postgres://localhost/orders' };

test('the database is all that must be named', () => {
  expect(readConfig(least)).toEqual({
    databaseUrl: 'postgres://localhost/orders',
    logLevel: 'info',
    listen: { host: '127.0.0.1', port: 3000 },
  });
});

test('the environment decides where to listen', () => {
  const { listen } = readConfig({ ...least, HOST: '0.0.0.0', PORT: '8080' });
  expect(listen).toEqual({ host: '0.0.0.0', port: 8080 });
});

test.each([
  [{}, 'DATABASE_URL is not set'],
  [{ ...least, PORT: 'http' }, 'PORT is no port: http'],
  [{ ...least, PORT: '65536' }, 'PORT is no port: 65536'],
])('a bad environment is refused by name: %j', (env, message) => {
  expect(() => readConfig(env)).toThrow(message);
});
