// A kit whose server's program is nowhere to be had: harness and server module in one.
const { defineKit } = require('@seamkit/core');

module.exports = {
  kit: defineKit({
    kind: 'server',
    name: 'nowhere',
    supports: { runtimes: ['process'], prepare: false },
    server: __filename,
    options: {},
    plan: () => ({}),
    driver: () => Promise.reject(new Error('never called')),
  }),
  server: { process: (_, ctx) => ctx.program({ command: 'no-such-program' }) },
  refused: [],
};
