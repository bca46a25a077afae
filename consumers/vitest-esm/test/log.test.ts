import { expect, test } from 'vitest';
import { environment } from './environment';

const { env, record } = environment();

test('a visit is written down', async () => {
  await record('/home');
  expect(await env.db.query('SELECT * FROM visits')).toEqual([{ id: 1, page: '/home' }]);
});

test('and is gone in the next test', async () => {
  expect(await env.db.query('SELECT * FROM visits')).toEqual([]);
});
