import { use } from '@seamkit/core';
import { postgres } from '@seamkit/postgres';
import { Client } from 'pg';

const env = use({ db: postgres() });

test('a reset ends a query of the test, also where the test fakes clock and timers', async () => {
  const lines = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const client = new Client({ connectionString: env.db.url });
  const ended = new Promise((resolve) => client.on('error', resolve));
  await client.connect();
  const asleep = client.query('SELECT pg_sleep(600)').catch((error) => error.code);
  jest.useFakeTimers();
  try {
    await env.db.reset();
    expect(await asleep).toBe('57P01');
    await ended;
    const said = lines.mock.calls.join('');
    expect(said).toContain('ends an open transaction');
    expect(said).not.toContain('replaced');
  } finally {
    jest.useRealTimers();
    lines.mockRestore();
  }
});
