import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exchange, type ServerModule } from '@seamkit/core';

/** How a server starts. Runs in the keeper, so it imports no client. */
export const server: ServerModule = {
  async process({ version, settings }, ctx) {
    const program = await ctx.program({
      command: 'node',
      version,
      install: { darwin: 'brew install node', linux: 'apt-get install nodejs' },
    });
    const port = await ctx.port();
    const password = ctx.secret();
    // A copy, since the user that servers run as may not look into this package's folder.
    const source = await readFile(join(__dirname, '../system/example-server.js'), 'utf8');
    const script = await ctx.file('example-server.js', source);
    // The password is no argument: everybody on the machine can read those.
    const env = { EXAMPLE_PORT: String(port), EXAMPLE_PASSWORD: password };
    const limit = settings.maxLength;
    await ctx.spawn(program, [script], {
      env: limit === undefined ? env : { ...env, EXAMPLE_MAX_LENGTH: String(limit) },
    });
    await ctx.ready(() => exchange(port, 'GET / HTTP/1.0\r\n\r\n'));
    return { url: `http://seamkit:${password}@127.0.0.1:${port}`, version: program.version };
  },

  boundary: () => (require('./kit') as typeof import('./kit')).example(),
};
