// A server module that starts its process by itself, so that nobody ends it with the keeper.
const { spawn } = require('node:child_process');
const { appendFileSync } = require('node:fs');
const { join } = require('node:path');
const { exchange } = require('@seamkit/core');

module.exports = {
  server: {
    async process(_request, ctx) {
      const port = await ctx.port();
      const password = ctx.secret();
      const program = join(__dirname, '../../core/test/shelf/shelf-server.js');
      const child = spawn(process.execPath, [program, String(port)], {
        env: { ...process.env, SHELF_PASSWORD: password },
        detached: true,
        stdio: 'ignore',
      });
      appendFileSync(process.env.MUTANT_PIDS, `${child.pid}\n`);
      ctx.defer(() => child.kill('SIGKILL'));
      await ctx.ready(() => exchange(port, 'GET / HTTP/1.0\r\n\r\n'));
      return { url: `http://shelf:${password}@127.0.0.1:${port}` };
    },
  },
};
