import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Program, SeamkitError, type StackContext } from '@seamkit/core';

/** `docker compose` as a program: the plugin itself, which also runs without `docker`. */
export async function findCompose(ctx: StackContext): Promise<Program> {
  try {
    return await ctx.program({
      command: 'docker-compose',
      oldest: '2',
      ours: true,
      folders: [
        join(process.env.DOCKER_CONFIG ?? join(homedir(), '.docker'), 'cli-plugins'),
        '/usr/local/lib/docker/cli-plugins',
        '/usr/local/libexec/docker/cli-plugins',
        '/usr/lib/docker/cli-plugins',
        '/usr/libexec/docker/cli-plugins',
        '/opt/homebrew/lib/docker/cli-plugins',
        '/Applications/Docker.app/Contents/Resources/cli-plugins',
      ],
      debian: [
        { packages: ['docker-compose'], path: 'usr/libexec/docker/cli-plugins/docker-compose' },
      ],
    });
  } catch (error) {
    if (!(error instanceof SeamkitError) || !missing.has(error.code)) throw error;
    throw new SeamkitError('BINARY_NOT_FOUND', 'compose: there is no Docker Compose 2 here', {
      tried: error.tried,
      hint: 'install the plugin as https://docs.docker.com/compose/install/ says; or name the program in SEAMKIT_COMPOSE_BIN',
      cause: error,
    });
  }
}

const missing = new Set(['BINARY_NOT_FOUND', 'VERSION_UNAVAILABLE']);

/** What Compose needs of the keeper's environment to reach the engine, and to build. */
const passed = /^(DOCKER|BUILDX|BUILDKIT|XDG|SSH|SSL)_|^(HOME|USER|TMPDIR)$|_proxy$/i;

/**
 * The environment that Compose is given: how to reach the engine, and the variables that the files
 * name; never what else the keeper happened to be started with.
 */
export function composeEnvironment(
  variables: Record<string, string>,
  modem: { socketPath?: string },
): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => passed.test(name));
  return {
    PATH: process.env.PATH,
    // The engine that Testcontainers found, be it not the current context's.
    ...(modem.socketPath && { DOCKER_HOST: `unix://${modem.socketPath}` }),
    ...Object.fromEntries(own),
    ...variables,
  } as Record<string, string>;
}
