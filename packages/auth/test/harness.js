const { auth } = require('@seamkit/auth');

/** @type {import('@seamkit/conformance').Harness} */
module.exports = {
  kit: auth,
  options: {},
  prepare: (entries) => ({
    prepare: (issuer) => {
      for (const [key, value] of Object.entries(entries))
        issuer.addUser(key, { claims: { value } });
    },
    key: JSON.stringify(entries),
  }),
  async write(issuer, key, value) {
    issuer.addUser(key, { claims: { value } });
  },
  /** As an application would: by signing in, and asking who that is. */
  async read(issuer, key) {
    const answer = await fetch(`${issuer.url}/connect/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('client:secret')}` },
      body: new URLSearchParams({ grant_type: 'password', username: key, password: 'secret' }),
    });
    if (!answer.ok) return undefined;
    const { access_token } = await answer.json();
    const headers = { authorization: `Bearer ${access_token}` };
    const who = await fetch(`${issuer.url}/connect/userinfo`, { headers });
    return (await who.json()).value;
  },
  async leak(issuer) {
    // Still waiting when the reset comes.
    issuer.slow(Number.POSITIVE_INFINITY, 'jwks');
    fetch(issuer.jwksUrl).catch(() => {});
    while (issuer.calls('jwks').length === 0) await new Promise(setImmediate);
  },
  refused: [
    { options: { nope: 1 }, code: 'OPTION_INVALID' },
    { options: { algorithm: 'HS256' }, code: 'OPTION_INVALID' },
    { options: { audience: '' }, code: 'OPTION_INVALID' },
    { options: { prepare: 'users.json' }, code: 'OPTION_INVALID' },
    { options: { prepareTimeout: -1 }, code: 'OPTION_INVALID' },
  ],
};
