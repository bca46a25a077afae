import { createHash } from 'node:crypto';
import {
  type Endpoint,
  exchange,
  type ProcessContext,
  type Program,
  SeamkitError,
  type ServerModule,
  type ServerRequest,
  type StartContext,
} from '@seamkit/core';
import { configArguments, configFile, type Directive } from './settings';

type Engine = 'redis' | 'valkey';

/**
 * Logical databases: one for each sandbox and template of a run. They cost Redis 8 15 MB, older
 * ones and Valkey 2 MB. A server for one test file has as many as Redis has by itself, since their
 * memory would count against its `maxmemory`.
 */
const databases = { shared: 4_096, exclusive: 16 };

/**
 * What the url of a shared server may not do, because it reaches the neighbours. The server answers
 * `NOPERM User shared has no permissions to run …`, which beats a test of another file that fails.
 */
const crossing = [
  'acl|deluser',
  'acl|load',
  'acl|save',
  'acl|setuser',
  'bgrewriteaof',
  'bgsave',
  'client|pause',
  'config|resetstat',
  'config|rewrite',
  'config|set',
  'debug',
  'failover',
  'flushall',
  'function|delete',
  'function|flush',
  'function|load',
  'function|restore',
  'move',
  'replicaof',
  'save',
  'script|flush',
  'shutdown',
  'slaveof',
  'swapdb',
];

/** The oldest major version that this kit starts. */
export const oldest = '7';

export const server: ServerModule = {
  async process(request, ctx) {
    const { program, engine } = await findProgram(request, ctx);
    const folder = await ctx.folder();
    const port = await ctx.port();
    const access = makeAccess(ctx);
    const place: Directive[] = [
      ['bind', '127.0.0.1'],
      ['port', String(port)],
      ['dir', `"${folder}"`],
    ];
    const content = configFile(configuration(request, access, place));
    const file = await ctx.file('server.conf', content);
    await ctx.spawn(program, [file], { cwd: folder });
    return answer(request, ctx, engine, access, '127.0.0.1', port);
  },

  async container(request, ctx) {
    const { GenericContainer, Wait } = require('testcontainers') as typeof import('testcontainers');
    const engine = (request.settings.engine ?? 'redis') as Engine;
    const repository = { redis: 'redis', valkey: 'valkey/valkey' }[engine];
    const image = request.image ?? `${repository}:${request.version ?? '8'}`;
    const access = makeAccess(ctx);
    const started = await ctx.start(image, (image) =>
      new GenericContainer(image)
        .withExposedPorts(6379)
        .withTmpFs({ '/data': 'rw' })
        // Not by a file: to copy one in costs a third of the start.
        .withCommand([
          `${engine}-server`,
          ...configArguments(configuration(request, access, [['bind', '*']])),
        ])
        .withWaitStrategy(Wait.forAll([])),
    );
    const [host, port] = [started.getHost(), started.getMappedPort(6379)];
    return answer(request, ctx, engine, access, host, port);
  },

  async adopt({ env, command, host, port }, ctx) {
    const at = port(6379);
    await ctx.ready(async () => {
      const reply = (await exchange(at, 'PING\r\n', { host })).toString();
      return !reply.startsWith('-LOADING');
    });
    const required = /--requirepass[\s=]+["']?([^\s"']+)/.exec(command.join(' '))?.[1];
    const password = env.REDIS_PASSWORD || required;
    const access = password ? `default:${encodeURIComponent(password)}@` : '';
    return { url: `redis://${access}${host}:${at}` };
  },

  boundary: () => (require('./kit') as typeof import('./kit')).redis(),
};

/** Redis, unless Valkey was asked for or is all there is. */
async function findProgram(
  { version, settings }: ServerRequest,
  ctx: ProcessContext,
): Promise<{ program: Program; engine: Engine }> {
  const find = async (engine: Engine) => ({
    engine,
    program: await ctx.program({
      command: `${engine}-server`,
      version,
      oldest,
      debian: [{ packages: [`${engine}-server`], path: `usr/bin/${engine}-server` }],
      folders: ['/usr/local/bin', '/opt/homebrew/bin', `/opt/homebrew/opt/${engine}/bin`],
      install: {
        darwin: `brew install ${engine}`,
        linux: `apt-get install ${engine}-server (Debian, Ubuntu), or the package ${engine} (Fedora, Arch, Alpine)`,
      },
    }),
  });
  if (settings.engine) return find(settings.engine as Engine);
  return find('redis').catch(async (error) => {
    const absent = ['BINARY_NOT_FOUND', ...(version ? [] : ['VERSION_UNAVAILABLE'])];
    if (!(error instanceof SeamkitError) || !absent.includes(error.code)) throw error;
    return find('valkey').catch(() => {
      throw error;
    });
  });
}

interface Access {
  admin: string;
  shared: string;
}

function makeAccess(ctx: StartContext): Access {
  return { admin: ctx.secret(), shared: ctx.secret() };
}

/** Durability off, memory never evicted, and of the passwords only what tells nobody. */
function configuration(
  { settings }: ServerRequest,
  { admin, shared }: Access,
  place: readonly Directive[],
): Directive[] {
  const denied = crossing.map((command) => `-${command}`).join(' ');
  return [
    ...place,
    ['databases', String(numberOf(settings))],
    ['save', ''],
    ['appendonly', 'no'],
    ['maxmemory-policy', 'noeviction'],
    ['protected-mode', 'no'],
    ['daemonize', 'no'],
    ['stop-writes-on-bgsave-error', 'no'],
    ['user', `default on #${hash(admin)} ~* &* +@all`],
    ['user', `shared on #${hash(shared)} ~* &* +@all ${denied}`],
    ...Object.entries(settings.config as Record<string, string | number>),
  ];
}

function hash(password: string): string {
  return createHash('sha256').update(password).digest('hex');
}

function numberOf(settings: ServerRequest['settings']): number {
  return settings.exclusive ? databases.exclusive : databases.shared;
}

/** Ready when it greets us by name: `HELLO` also tells the version. */
async function answer(
  request: ServerRequest,
  ctx: StartContext,
  engine: Engine,
  { admin, shared }: Access,
  host: string,
  port: number,
): Promise<Endpoint> {
  let version: string | undefined;
  await ctx.ready(async () => {
    const reply = await exchange(port, `HELLO 2 AUTH default ${admin}\r\n`, { host });
    version = /\r\nversion\r\n\$\d+\r\n([^\r\n]+)/.exec(reply.toString())?.[1];
    return version !== undefined;
  });
  return {
    url: `redis://default:${admin}@${host}:${port}`,
    version,
    engine,
    databases: numberOf(request.settings),
    shared: { username: 'shared', password: shared },
  };
}
