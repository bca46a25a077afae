import { type Recipe, useOf } from './recipe';

export const memcached: Recipe = {
  kit: 'memcached',
  clients: ['memjs'],
  write(style) {
    return style.file(
      [...useOf('memcached'), { from: 'memjs', names: ['Client'] }],
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
  },
};
