import { type OpenEnvironment, open } from '@seamkit/core';
import { postgres } from '@seamkit/postgres';
import { Client } from 'pg';
import { connected } from './database-state';

type Environments = OpenEnvironment<{ db: ReturnType<typeof postgres> }>[];

const closeAll = (envs: Environments) => Promise.all(envs.map((env) => env.close()));

test('far more sandboxes than the server has connections, each back at its baseline', async () => {
  const prepare = async (url: string) => {
    await connected(url, (client) => client.query('CREATE TABLE items (id int)'));
  };
  const options = { prepare, settings: { max_connections: 20 } };
  const envs: Environments = [];
  try {
    for (let count = 0; count < 5; count++) {
      const opening = Array.from({ length: 8 }, () => open({ db: postgres(options) }));
      const opened = await Promise.allSettled(opening);
      envs.push(...opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
      expect(opened.filter(({ status }) => status === 'rejected')).toEqual([]);
    }
    for (const { db } of envs) {
      await connected(db.url, (client) => client.query('INSERT INTO items VALUES (1)'));
    }
    await Promise.all(envs.map((env) => env.reset()));
    for (const { db } of envs) {
      const { rows } = await connected(db.url, (client) => client.query('TABLE items'));
      expect(rows).toEqual([]);
    }
  } finally {
    await closeAll(envs);
  }
});

test('a server that is full: the error names the limit and who uses it, and nobody loses anything', async () => {
  let prepared = 0;
  const prepare = () => {
    prepared++;
  };
  const options = { prepare, settings: { max_connections: 19 } };
  const first = await open({ db: postgres(options) });
  const clients: Client[] = [];
  try {
    for (;;) {
      const client = new Client(first.db.url);
      client.on('error', () => {});
      try {
        await client.connect();
      } catch (error) {
        expect(error).toMatchObject({ code: '53300' });
        break;
      }
      clients.push(client);
    }
    const one = postgres(options);
    const failing = open({ one, other: postgres(options) });
    const full = {
      code: 'LIMIT_REACHED',
      summary: expect.stringMatching(/max_connections is 19, and 19 are in use, in \d sandboxes/),
      hint: expect.stringContaining('max_connections'),
    };
    // Each names the sandbox that it could not connect to.
    await expect(failing).rejects.toMatchObject({ errors: [full, full] });
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await first.reset();
    const next = await open({ db: postgres(options) });
    await next.close();
    expect(prepared).toBe(1);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
    await first.close();
  }
});
