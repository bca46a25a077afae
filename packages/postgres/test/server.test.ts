import { execFileSync } from 'node:child_process';
import { open } from '@seamkit/core';
import { openServer } from '@seamkit/core/inspect';
import { postgres } from '@seamkit/postgres';
import { Client } from 'pg';
import { connected } from './database-state';

test('settings reach the server, one server for each set of values', async () => {
  const [plain, large, again] = await Promise.all([
    openServer(postgres()),
    openServer(postgres({ settings: { work_mem: '9MB', enable_seqscan: false } })),
    openServer(postgres({ settings: { enable_seqscan: 'off', work_mem: '9MB' } })),
  ]);
  try {
    expect(again.endpoint.url).toBe(large.endpoint.url);
    expect(plain.endpoint.url).not.toBe(large.endpoint.url);
    const shown = await connected(large.endpoint.url, async (client) => [
      (await client.query('SHOW work_mem')).rows[0].work_mem,
      (await client.query('SHOW enable_seqscan')).rows[0].enable_seqscan,
    ]);
    expect(shown).toEqual(['9MB', 'off']);
  } finally {
    await Promise.all([plain, large, again].map((server) => server.close()));
  }
});

test('a setting that the server refuses fails with its log', async () => {
  const starting = openServer(postgres({ settings: { work_mem: 'plenty' } }));
  await expect(starting).rejects.toMatchObject({ code: 'START_FAILED' });
  await expect(starting).rejects.toThrow(/invalid value for parameter "work_mem": "plenty"/);
});

test('nobody gets in without the password, and no list of processes shows it', async () => {
  await using env = await open({ db: postgres() });
  const url = new URL(env.db.url);
  const { password } = url;
  expect(password).toMatch(/^[A-Za-z0-9]{20,}$/);
  for (const wrong of ['', 'postgres']) {
    url.password = wrong;
    const client = new Client(url.href);
    await expect(client.connect()).rejects.toThrow();
    await client.end();
  }
  expect(execFileSync('ps', ['-Ao', 'args'], { encoding: 'utf8' })).not.toContain(password);
});

test('text is UTF-8, sorted by code point, and letters have their case', async () => {
  await using env = await open({ db: postgres() });
  expect(
    await env.db.query(
      "SELECT lower('ÉÀ') AS low, array_agg(x ORDER BY x) AS sorted FROM unnest('{b,a,B,é}'::text[]) x",
    ),
  ).toEqual([{ low: 'éà', sorted: ['B', 'a', 'b', 'é'] }]);
});

test('the version that is asked for', async () => {
  const [has] = await Promise.all([openServer(postgres())]);
  const major = has.endpoint.version?.split('.')[0];
  await has.close();
  await using env = await open({ db: postgres({ version: major }) });
  const [{ server_version }] = await env.db.query('SHOW server_version');
  expect(server_version.split(/[. ]/)[0]).toBe(major);
});
