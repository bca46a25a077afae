const { isDeepStrictEqual } = require('node:util');
const { defineKit, is, SeamkitError } = require('@seamkit/core');
const { ask } = require('./client');

/**
 * A price list for every test file.
 *
 * @typedef {import('@seamkit/core').ServerOptions & {
 *   prepare?: (url: string) => unknown,
 * }} PricesOptions
 * @typedef {{ readonly url: string, all(): Promise<Record<string, number>> }} PricesMembers
 * @typedef {Record<string, number>} Prices
 */

/** @type {(options?: PricesOptions) => import('@seamkit/core').Boundary<PricesMembers>} */
exports.prices = defineKit(
  /** @type {import('@seamkit/core').ServerKit<PricesOptions, PricesMembers, Prices, string>} */ ({
    kind: 'server',
    name: 'prices',
    supports: { runtimes: ['process', 'external'], prepare: true },
    server: require.resolve('./server'),
    options: { prepare: is.function },
    plan: ({ prepare }) => ({ baseline: prepare }),
    async driver({ url }, { prepare }, ctx) {
      const owned = await ask(url, 'lists').catch((error) => {
        throw SeamkitError.wrap(error, 'SERVER_UNREACHABLE', 'no price server answers', {
          hint: 'see that the url names its port and its password',
        });
      });
      if (!Array.isArray(owned)) throw new SeamkitError('SERVER_MISMATCH', 'no price server', {});
      const urlOf = (/** @type {string} */ list) => `${url}/${list}`;
      const put = (/** @type {string} */ list, /** @type {Prices} */ prices) =>
        ask(url, 'put', list, prices);
      const drop = (/** @type {string} */ list) => ask(url, 'drop', list);
      return {
        async template({ name }) {
          await put(name, {});
          try {
            if (prepare) await ctx.prepare(() => prepare(urlOf(name)));
            return await ask(url, 'all', name);
          } finally {
            await drop(name);
          }
        },
        async create({ name }, baseline) {
          await put(name, baseline);
          return name;
        },
        async open(list, baseline) {
          let current = baseline;
          return {
            members: { url: urlOf(list), all: () => ask(url, 'all', list) },
            reset: () => put(list, current),
            async setBaseline() {
              const before = current;
              current = await ask(url, 'all', list);
              return !isDeepStrictEqual(current, before);
            },
            close: async () => {},
          };
        },
        recover: put,
        destroy: drop,
        destroyTemplate: async () => {},
        async sweep(ended) {
          const lists = await ask(url, 'lists');
          const over = lists.filter((/** @type {string} */ list) =>
            list.startsWith(`seamkit_${ended}_`),
          );
          await Promise.all(over.map(drop));
          return over;
        },
        close: async () => {},
      };
    },
  }),
);
