import type { FirstTest } from '@seamkit/core/first-test';

/** For `seamkit init`. */
export const firstTest: FirstTest = (style) =>
  style.file(
    [],
    `
const env = use({ auth: auth({ audience: 'orders' }) });

test('a service finds the issuer', async () => {
  // Configure your service with env.auth.url and env.auth.audience, and call it with these tokens.
  const answer = await fetch(env.auth.discoveryUrl);

  ${style.equal('(await answer.text()).includes(env.auth.url)', 'true')}
  ${style.equal("env.auth.token({ scope: 'orders:read' }).split('.').length", '3')}
});

test('there are tokens that it must refuse', () => {
  const tokens = env.auth.refused({ scope: 'orders:read' }); // each has a name, and says why
  ${style.equal('tokens.length > 10', 'true')}
});
`,
  );
