import type { FirstTest } from '@seamkit/core/first-test';

/** For `seamkit init`. */
export const firstTest: FirstTest = (style) =>
  style.file(
    [{ from: 'memjs', names: ['Client'] }],
    `
const env = use({ cache: memcached() });

test('what was stored is found', async () => {
  // Your service connects to env.cache.address, as to any Memcached server.
  const service = Client.create(env.cache.address);
  await service.set('product:1', 'Tea', {});
  service.close();

  ${style.equal('await env.cache.keys()', "['product:1']")}
});

test('and the next test begins with an empty server', async () => {
  ${style.equal('await env.cache.keys()', '[]')}
});
`,
  );
