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
  async intrude(/** @type {number} */ port) {
    const lists = await ask(`prices://:guessed@127.0.0.1:${port}`, 'lists').catch(() => undefined);
    return lists && `list ${lists}`;
  },
  refused: [
    { options: { nope: 1 }, code: 'OPTION_INVALID' },
    { options: { prepare: 'a script' }, code: 'OPTION_INVALID' },
    { options: { url: 'nowhere' }, code: 'OPTION_INVALID' },
  ],
};
