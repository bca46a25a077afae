import { type Recipe, useOf } from './recipe';

export const auth: Recipe = {
  kit: 'auth',
  clients: [
    'jose',
    'jsonwebtoken',
    'openid-client',
    'express-oauth2-jwt-bearer',
    'jwks-rsa',
    'passport-jwt',
  ],
  write(style) {
    return style.file(
      useOf('auth'),
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
  },
};
