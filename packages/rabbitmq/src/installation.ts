import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type ProcessContext, type Program, SeamkitError } from '@seamkit/core';

/** RabbitMQ and the Erlang that runs it, as they lie on this machine. */
export interface Installation {
  /** RabbitMQ's folder, which has `plugins` and `sbin`. */
  home: string;
  /** Erlang's folder, which has `lib` and `erts-<version>`. */
  erlang: string;
  /** Folder of Erlang's programs: `erts-<version>/bin`. */
  programs: string;
  version: string;
  /** A program of Erlang's, by name. */
  program(name: string): Program;
}

/** The oldest version that this kit starts. */
export const oldest = '3.10';

/** @throws SeamkitError `BINARY_NOT_FOUND`, `VERSION_UNAVAILABLE`, `DOWNLOAD_FAILED` */
export async function findInstallation(
  version: string | undefined,
  ctx: ProcessContext,
): Promise<Installation> {
  const rabbit = await ctx.program({
    command: 'rabbitmq-server',
    version,
    oldest,
    // Nothing prints the version without starting Erlang; the path names it.
    versionArgs: [],
    folders: [
      '/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin',
      '/opt/rabbitmq_server-*/sbin',
      '/usr/local/opt/rabbitmq/sbin',
      '/opt/homebrew/Cellar/rabbitmq/*/sbin',
    ],
    debian: [{ packages: ['rabbitmq-server'], path: 'usr/lib/rabbitmq/bin/rabbitmq-server' }],
    install: { darwin: 'brew install rabbitmq', linux: 'install the package rabbitmq-server' },
  });
  const home = dirname(dirname(realpathSync(rabbit.path)));
  if (
    !readdirSync(join(home, 'plugins')).some((name) =>
      existsSync(join(home, 'plugins', name, 'ebin')),
    )
  ) {
    throw new SeamkitError(
      'VERSION_UNAVAILABLE',
      `rabbitmq: the plugins of RabbitMQ ${rabbit.version} in ${home} are archives, which this kit does not start`,
      { hint: 'install RabbitMQ 3.10 or newer' },
    );
  }
  // Packages put both below one lib folder; elsewhere Erlang is a package of its own.
  const beside = join(home, '../../../erlang');
  const erlang = existsSync(beside) ? realpathSync(beside) : await findErlang(ctx);
  const programs = readdirSync(erlang)
    .filter((name) => name.startsWith('erts-'))
    .map((name) => join(erlang, name, 'bin'))
    .find((folder) => existsSync(join(folder, 'erlexec')));
  if (!programs) {
    throw new SeamkitError('BINARY_NOT_FOUND', `rabbitmq: ${erlang} is not a whole Erlang`, {
      tried: [`${erlang}/erts-*/bin/erlexec`],
      hint: 'install the package erlang-base (Debian, Ubuntu) or erlang',
    });
  }
  return {
    home,
    erlang,
    programs,
    version: rabbit.version,
    program: (name) => ({ ...rabbit, path: join(programs, name) }),
  };
}

async function findErlang(ctx: ProcessContext): Promise<string> {
  const { path } = await ctx.program({
    command: 'erl',
    versionArgs: ['-noshell', '-eval', 'io:put_chars(erlang:system_info(otp_release)), halt().'],
    install: { darwin: 'brew install erlang', linux: 'install the package erlang' },
  });
  return dirname(dirname(realpathSync(path)));
}

/** What erlexec wants to know; `erl` is a script that sets it for the folder it was built for. */
export function erlangEnvironment(root: string, programs: string): Record<string, string> {
  return { ROOTDIR: root, BINDIR: programs, EMU: 'beam', PROGNAME: 'erl' };
}

/** The folder of Erlang's programs below another root. */
export function programsBelow(root: string, installation: Installation): string {
  return join(root, basename(dirname(installation.programs)), 'bin');
}
