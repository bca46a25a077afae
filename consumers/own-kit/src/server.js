const { copyFile } = require('node:fs/promises');
const { join } = require('node:path');
const { exchange } = require('@seamkit/core');

/** @type {import('@seamkit/core').ServerModule} */
exports.server = {
  async process({ version }, ctx) {
    const program = await ctx.program({ command: 'node', version });
    const port = await ctx.port();
    const password = ctx.secret();
    const script = join(await ctx.folder(), 'price-server.js');
    await copyFile(join(__dirname, '../system/price-server.js'), script);
    await ctx.spawn(program, [script], {
      env: { PRICES_PORT: String(port), PRICES_PASSWORD: password },
    });
    await ctx.ready(() => exchange(port, '[]\n'));
    return { url: `prices://:${password}@127.0.0.1:${port}` };
  },
  boundary: () => require('./kit').prices(),
};
