// The tiny server of core's tests, whole, or broken on purpose by the name in MUTANT.
const { caller, shelf } = require('../../core/test/shelf/kit');
const { mutants } = require('./mutants');

const kit = (options) => {
  if (process.env.MUTANT === 'accepts any option') {
    return shelf({ prepare: options?.prepare, key: options?.key });
  }
  const boundary = shelf(options);
  const mutate = mutants[process.env.MUTANT];
  return mutate ? { ...boundary, ...mutate(boundary) } : boundary;
};

/** @type {import('@seamkit/conformance').Harness} */
module.exports = {
  kit,
  prepare: (entries) => ({
    prepare: async (url) => {
      for (const [key, value] of Object.entries(entries)) await put(url, key, value);
    },
    key: JSON.stringify(entries),
  }),
  write: ({ url }, key, value) => put(url, key, value),
  read: ({ url }, key) => caller(url)('GET', `/${encodeURIComponent(key)}`).catch(() => undefined),
  // Entries that neither read nor write would meet.
  changeShape: ({ url }, round) => put(url, `shape ${round}`, String(Math.random())),
  describe: async ({ url }) =>
    JSON.parse(await caller(url)('GET', '')).filter(([key]) => key.startsWith('shape')),
  list: async ({ url }) => JSON.parse(await caller(url)('GET', '/')),
  async intrude(port) {
    const signal = AbortSignal.timeout(5_000);
    const response = await fetch(`http://127.0.0.1:${port}`, { signal }).catch(() => undefined);
    return response?.ok ? response.text() : undefined;
  },
  refused: [
    { options: { nope: 1 }, code: 'OPTION_INVALID' },
    { options: { runtime: 'cloud' }, code: 'OPTION_INVALID' },
    { options: { startTimeout: -1 }, code: 'OPTION_INVALID' },
  ],
};

const put = (url, key, value) => caller(url)('PUT', `/${encodeURIComponent(key)}`, value);
