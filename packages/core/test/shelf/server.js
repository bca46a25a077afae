const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { exchange } = require('@seamkit/core');

/** @type {{ server: import('@seamkit/core').ServerModule }} */
module.exports = {
  server: {
    boundary: () => require('./kit').shelf(),
    async process({ settings }, ctx) {
      const port = await ctx.port();
      const password = ctx.secret();
      const node = { path: process.execPath, version: process.versions.node, source: 'node' };
      await ctx.folder();
      if (settings.setup) await ctx.step('a long step', async (progress) => progress('half'));
      const source = readFileSync(join(__dirname, 'shelf-server.js'), 'utf8');
      const program = await ctx.file('shelf-server.js', source);
      await ctx.spawn(node, [program, String(port), String(settings.mood ?? '')], {
        env: { SHELF_PASSWORD: password },
      });
      await ctx.ready(() => exchange(port, 'GET / HTTP/1.0\r\n\r\n'));
      return { url: `http://shelf:${password}@127.0.0.1:${port}`, version: '1.0' };
    },
  },
};
