import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { use } from '@seamkit/core';
import { http } from '@seamkit/http';

type Get = (url: string) => Promise<{ status: number; body: string }>;
const { clients } = require('./clients/clients') as { clients: Record<string, Get> };

describe('every client reaches the stub', () => {
  const env = use({ api: http({ origins: ['https://api.stripe.com', 'http://plain.example'] }) });

  test.each(Object.entries(clients))('by an https origin: %s', async (_, get) => {
    env.api.get('/v1/charges/:id').reply(200, 'from the stub');
    const answer = await get('https://api.stripe.com/v1/charges/ch_1');
    expect(answer).toEqual({ status: 200, body: 'from the stub' });
    const [call] = env.api.calls();
    expect(call).toMatchObject({
      method: 'GET',
      url: 'https://api.stripe.com/v1/charges/ch_1',
      params: { id: 'ch_1' },
    });
  });

  const overHttp1 = Object.entries(clients).filter(([name]) => name !== 'node:http2');
  test.each(overHttp1)('by an http origin: %s', async (_, get) => {
    env.api.get('/hello').reply(200, 'from the stub');
    expect(await get('http://plain.example/hello')).toEqual({ status: 200, body: 'from the stub' });
  });

  test.each(overHttp1)('by its url: %s', async (_, get) => {
    env.api.get('/hello').reply(200, 'from the stub');
    expect(await get(`${env.api.url}/hello`)).toEqual({ status: 200, body: 'from the stub' });
  });
});

test('every client, got included, reaches the stub under node:test', async () => {
  const file = join(__dirname, 'clients', 'node-test.js');
  const environment = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--test', '--test-reporter=tap', file],
    { env: environment },
  );
  expect(stdout).toContain(`# pass ${Object.keys(clients).length + 1}\n`);
  expect(stdout).toContain('# fail 0\n');
  expect(stdout).toContain('got reaches the stub');
});
