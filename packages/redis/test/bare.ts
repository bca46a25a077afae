import { defineKit, is } from '@seamkit/core';
import { type OpenServer, openServer } from '@seamkit/core/inspect';

const bare = defineKit<any, any, any, any>({
  kind: 'server',
  name: 'redis',
  supports: { runtimes: ['process'], prepare: false },
  server: require.resolve('./bare-server.js'),
  options: { lines: is.list, args: is.list },
  plan: ({ lines, args }) => ({ settings: { lines, arguments: args }, exclusive: true }),
  driver: () => Promise.reject(new Error('a bare server has no driver')),
});

/** Starts a server with these lines of configuration; it ends with the test that closes it. */
export function startBare(lines: string[], args: string[] = []): Promise<OpenServer> {
  return openServer(bare({ runtime: 'process', lines, args }));
}
