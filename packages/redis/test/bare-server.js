const { chmod, writeFile } = require('node:fs/promises');
const { join } = require('node:path');
const { exchange } = require('@seamkit/core');

/** A Redis server as somebody else might run it: `settings.lines` are its configuration. */
exports.server = {
  async process({ settings }, ctx) {
    const program = await ctx.program({
      command: 'redis-server',
      oldest: '7',
      debian: [{ packages: ['redis-server'], path: 'usr/bin/redis-server' }],
    });
    const folder = await ctx.folder();
    const port = await ctx.port();
    const file = join(folder, 'bare.conf');
    const lines = [
      'bind 127.0.0.1',
      `port ${port}`,
      `dir ${folder}`,
      'save ""',
      'protected-mode no',
      ...settings.lines,
      // Else `port` + 10,000, which may be a client's own port.
      ...(/^cluster-enabled/m.test(settings.lines.join('\n'))
        ? [`cluster-port ${await ctx.port()}`]
        : []),
    ];
    await writeFile(file, lines.join('\n'));
    await chmod(file, 0o666); // a sentinel, running as another user, writes to it
    await ctx.spawn(program, [file, ...(settings.arguments ?? [])], { cwd: folder });
    await ctx.ready(async () => /PONG|NOAUTH/.test(`${await exchange(port, 'PING\r\n')}`));
    return { url: `redis://127.0.0.1:${port}` };
  },
};
