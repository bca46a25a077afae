const { prices } = require('prices-kit');
const { ask, listOf } = require('../src/client');

/** @type {import('@seamkit/conformance').Harness} */
module.exports = {
  kit: prices,
  prepare: (entries) => ({
    prepare: (/** @type {string} */ url) => ask(url, 'put', listOf(url), entries),
    key: JSON.stringify(entries),
  }),
  write: ({ url }, product, price) => ask(url, 'set', listOf(url), product, price),
  read: ({ url }, product) => ask(url, 'get', listOf(url), product),
  list: async ({ url }) =>
    (await ask(url, 'lists')).filter((/** @type {string} */ list) => list.startsWith('seamkit_')),
  refused: [
    { options: { nope: 1 }, code: 'OPTION_INVALID' },
    { options: { prepare: 'a script' }, code: 'OPTION_INVALID' },
    { options: { url: 'nowhere' }, code: 'OPTION_INVALID' },
  ],
};
