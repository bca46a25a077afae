import { expect, test } from 'vitest';
import { environment } from './environment';

const { env, record } = environment();

test('a visit counts', async () => {
  expect(await record('/home')).toBe(1);
  expect(await record('/home')).toBe(2);
  expect(await env.cache.keys()).toEqual(['visits:/home']);
});

test('the next test counts from the beginning', async () => {
  expect(await record('/home')).toBe(1);
});
