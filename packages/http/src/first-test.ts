import type { FirstTest } from '@seamkit/core/first-test';

/** For `seamkit init`. */
export const firstTest: FirstTest = (style) =>
  style.file(
    [],
    `
const env = use({ api: http() });

test('the other side is told what to answer', async () => {
  env.api.get('/products/7').reply(200, { name: 'Tea' });

  // Your service calls env.api.url, with whatever client it has; or the real host, if that is named:
  // http({ origins: ['https://api.example.com'] }).
  const answer = await fetch(\`\${env.api.url}/products/7\`);

  ${style.equal('await answer.json()', "{ name: 'Tea' }")}
  ${style.equal("env.api.calls('GET /products/7').length", '1')}
});

test('and knows nothing of it in the next test', () => {
  ${style.equal('env.api.calls()', '[]')}
});
`,
  );
