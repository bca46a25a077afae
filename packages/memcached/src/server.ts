import { type Endpoint, exchange, type ServerModule, type StartContext } from '@seamkit/core';

/**
 * One list of items for each size. Those that the server would move between lists, because they were
 * read, would be missing from its list of keys for a moment.
 */
const oneList = ['-o', 'no_lru_maintainer'];

/** The oldest version that this kit starts. */
export const oldest = '1.6';

export const server: ServerModule = {
  async process({ version, settings }, ctx) {
    const program = await ctx.program({
      command: 'memcached',
      version,
      oldest,
      debian: [{ packages: ['memcached'], path: 'usr/bin/memcached' }],
      folders: ['/usr/local/bin', '/opt/homebrew/bin'],
      install: { darwin: 'brew install memcached', linux: 'apt-get install memcached' },
    });
    const port = await ctx.port();
    const memory = `--memory-limit=${settings.memory}`;
    await ctx.spawn(program, ['--listen=127.0.0.1', `--port=${port}`, memory, ...oneList]);
    return answer(ctx, '127.0.0.1', port);
  },

  async container({ version, image = `memcached:${version ?? '1.6'}`, settings }, ctx) {
    const { GenericContainer, Wait } = require('testcontainers') as typeof import('testcontainers');
    const started = await ctx.start(image, (image) =>
      new GenericContainer(image)
        .withExposedPorts(11211)
        .withCommand(['memcached', `--memory-limit=${settings.memory}`, ...oneList])
        .withWaitStrategy(Wait.forAll([])),
    );
    return answer(ctx, started.getHost(), started.getMappedPort(11211));
  },
};

async function answer(ctx: StartContext, host: string, port: number): Promise<Endpoint> {
  let version: string | undefined;
  await ctx.ready(async () => {
    const reply = await exchange(port, 'version\r\n', { host });
    version = /^VERSION (\S+)/.exec(reply.toString())?.[1];
    return version !== undefined;
  });
  return { url: `memcached://${host}:${port}`, version };
}
