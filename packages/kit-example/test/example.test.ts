import { use } from '@seamkit/core';
import { example } from '@seamkit/kit-example';
import { call } from './harness';

// What only this boundary has; what every kit must do is in conformance.test.ts.

const env = use({
  store: example({ maxLength: 5, prepare: (url) => call(url, 'PUT', 'kept', 'hello') }),
});

test('entries: what prepare left, and what the test wrote', async () => {
  await call(env.store.url, 'PUT', 'key', 'value');
  expect(await env.store.entries()).toEqual({ kept: 'hello', key: 'value' });
});

test('maxLength: the server refuses a longer text', async () => {
  await expect(call(env.store.url, 'PUT', 'key', 'longer')).rejects.toThrow('413');
  expect(await env.store.entries()).toEqual({ kept: 'hello' });
});
