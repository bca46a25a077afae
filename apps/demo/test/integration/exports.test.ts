import { use } from '@seamkit/core';
import type { FastifyInstance } from 'fastify';
import { boundaries, startApi } from '../environment';
import { given } from '../factories';

const { db, folder } = boundaries;
const env = use({ db, folder });

const day = '2026-03-01';
const file = `orders-${day}.csv`;

const write = (api: FastifyInstance) => api.inject({ method: 'PUT', url: `/exports/${day}` });

/** An order that was placed at that time. */
async function placed(at: string) {
  const order = await given(env).order();
  await env.db.query('update orders set created_at = $2 where id = $1', [order.id, at]);
  return { ...order, line: `${order.id},${order.userId},placed,${order.totalCents},${at}\n` };
}

const head = 'id,user_id,status,total_cents,created_at\n';

test('the orders of a day are exported to a file, and read from it', async () => {
  await using api = await startApi(env);
  await placed('2026-02-28T23:59:59.999Z');
  const first = await placed('2026-03-01T00:00:00.000Z');
  const last = await placed('2026-03-01T23:59:59.999Z');
  await placed('2026-03-02T00:00:00.000Z');

  const written = await write(api);

  expect(written.json()).toEqual({ file, orders: 2 });
  expect(env.folder.text(file)).toBe(head + first.line + last.line);
  expect(env.folder.list()).toEqual([file]);
  const read = await api.inject(`/exports/${day}`);
  expect(read.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(read.body).toBe(env.folder.text(file));
});

test('written again, it replaces itself', async () => {
  await using api = await startApi(env);
  await write(api);
  const { line } = await placed('2026-03-01T12:00:00.000Z');

  await write(api);

  expect(env.folder.text(file)).toBe(head + line);
  expect(env.folder.list()).toEqual([file]);
});

test.each([
  ['is full', () => env.folder.full()],
  ['cannot be written to', () => env.folder.readOnly()],
  ['is not ours', () => env.folder.deny('.', 'write')],
  ['fails', () => env.folder.fail('EIO')],
  ['cannot be opened by so many', () => env.folder.tooManyOpen()],
])('while the disk %s, the last export stays as it was', async (_, fault) => {
  await using api = await startApi(env);
  await write(api);
  await placed('2026-03-01T12:00:00.000Z');
  fault();

  const failed = await write(api);

  expect(failed.statusCode).toBe(500);
  expect(failed.json()).toEqual({ error: 'something went wrong' });
  env.folder.heal();
  expect(env.folder.list()).toEqual([file]);
  expect(env.folder.text(file)).toBe(head);
  expect((await write(api)).json()).toMatchObject({ orders: 1 });
});

test('nobody reads what is not an export', async () => {
  await using api = await startApi(env);

  for (const { name, path } of env.folder.traversals()) {
    for (const url of [`/exports/${path}`, `/exports/${encodeURIComponent(path)}`]) {
      const { statusCode, body } = await api.inject(url.replaceAll('\0', '%00'));
      expect([name, url, body]).not.toEqual([name, url, env.folder.secret]);
      expect([400, 404, 414]).toContain(statusCode); // 414: a path may be long
    }
  }
});

test.each(['GET', 'PUT'] as const)('%s wants a day that there is', async (method) => {
  await using api = await startApi(env);

  for (const bad of ['2026-02-30', 'today', '0000-01-01', `${day}.csv`]) {
    const { statusCode } = await api.inject({ method, url: `/exports/${bad}` });
    expect([bad, statusCode]).toEqual([bad, 400]);
  }
  expect(env.folder.list()).toEqual([]);
});

test('a day that was not exported says so', async () => {
  await using api = await startApi(env);

  const response = await api.inject(`/exports/${day}`);

  expect(response.statusCode).toBe(404);
  expect(response.json()).toEqual({ error: `the orders of ${day} were not exported` });
});
