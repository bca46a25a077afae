import type { FirstTest } from '@seamkit/core/first-test';

/** For `seamkit init`. */
export const firstTest: FirstTest = (style, { dependencies }) => {
  const [own, lines] = dependencies.has('ioredis')
    ? [
        [{ from: 'ioredis', names: ['Redis'] }],
        `const service = new Redis(env.cache.url);
await service.set('session:1', 'Ada', 'EX', 1800);
service.disconnect();`,
      ]
    : dependencies.has('redis')
      ? [
          [{ from: 'redis', names: ['createClient'] }],
          `const service = await createClient({ url: env.cache.url }).connect();
await service.set('session:1', 'Ada', { EX: 1800 });
await service.quit();`,
        ]
      : [[], `await env.cache.client.set('session:1', 'Ada', 'EX', 1800);`];
  return style.file(
    own,
    `
const env = use({ cache: redis() });

test('a session ends after half an hour', async () => {
  // Your service connects to env.cache.url, as to any Redis server.
${style.indent(lines)}
  ${style.equal("await env.cache.client.get('session:1')", "'Ada'")}

  await env.cache.advance(30 * 60 * 1000);
  ${style.equal("await env.cache.client.get('session:1')", 'null')}
});

test('and the next test begins with an empty database', async () => {
  ${style.equal('await env.cache.keys()', '[]')}
});
`,
  );
};
