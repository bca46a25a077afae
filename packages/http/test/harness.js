const { http } = require('@seamkit/http');

const path = (key) => `/${encodeURIComponent(key)}`;

/** @type {import('@seamkit/conformance').Harness} */
module.exports = {
  kit: http,
  options: {},
  prepare: (entries) => ({
    prepare: (stub) => {
      for (const [key, value] of Object.entries(entries)) stub.get(path(key)).reply(200, value);
    },
    key: JSON.stringify(entries),
  }),
  async write(stub, key, value) {
    stub.get(path(key)).reply(200, value);
  },
  async read(stub, key) {
    const response = await fetch(stub.url + path(key));
    if (response.status === 200) return response.text();
    stub.acceptUnmatched(); // asking for what is not there is meant here
    return undefined;
  },
  async leak(stub) {
    // Ended without an answer to come: that is what the reset must do to it.
    stub.get('/leaked').fail('never-answer');
    fetch(`${stub.url}/leaked`).catch(() => {});
    await stub.waitFor('GET /leaked');
  },
  refused: [
    { options: { nope: 1 }, code: 'OPTION_INVALID' },
    { options: { origins: 'https://api.stripe.com' }, code: 'OPTION_INVALID' },
    { options: { origins: ['api.stripe.com'] }, code: 'OPTION_INVALID' },
    { options: { origins: ['ftp://api.stripe.com'] }, code: 'OPTION_INVALID' },
    { options: { origins: [] }, code: 'OPTION_INVALID' },
    { options: { allowNetwork: ['https://db.example.com'] }, code: 'OPTION_INVALID' },
    { options: { tls: 'yes' }, code: 'OPTION_INVALID' },
    { options: { prepare: 'routes.json' }, code: 'OPTION_INVALID' },
    { options: { cassette: 'a.yaml' }, code: 'OPTION_INVALID' },
    {
      options: { origins: ['https://a.example'], cassette: { file: 'a.yaml', mode: 'play' } },
      code: 'OPTION_INVALID',
    },
  ],
};
