import {
  type Endpoint,
  exchange,
  type ServerModule,
  type ServerRequest,
  type StartContext,
} from '@seamkit/core';

/** Each is there from the start, since only the configuration makes one; 0.1 ms and 30 KB each. */
const shared = 256;

/** The oldest version that this kit serves. */
export const oldest = '2.9';

export const server: ServerModule = {
  async process(request, ctx) {
    const program = await ctx.program({
      command: 'nats-server',
      version: request.version,
      oldest,
      debian: [{ packages: ['nats-server'], path: 'usr/sbin/nats-server' }],
      folders: ['/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'],
      install: { darwin: 'brew install nats-server', linux: 'apt-get install nats-server' },
    });
    const folder = await ctx.folder();
    const port = await ctx.port();
    const access = makeAccess(ctx, request);
    const content = configuration(access, `127.0.0.1:${port}`, folder);
    const file = await ctx.file('server.conf', content);
    await ctx.spawn(program, ['--config', file], { cwd: folder });
    return answer(ctx, access, '127.0.0.1', port);
  },

  async container(request, ctx) {
    const { GenericContainer, Wait } = require('testcontainers') as typeof import('testcontainers');
    const image = request.image ?? `nats:${request.version ?? '2'}`;
    const access = makeAccess(ctx, request);
    const content = configuration(access, '0.0.0.0:4222', '/data');
    const started = await ctx.start(image, (name) =>
      new GenericContainer(name)
        .withExposedPorts(4222)
        .withTmpFs({ '/data': 'rw' })
        .withCopyContentToContainer([{ content, target: '/seamkit.conf', mode: 0o644 }])
        .withCommand(['--config', '/seamkit.conf'])
        .withWaitStrategy(Wait.forAll([])),
    );
    const [host, port] = [started.getHost(), started.getMappedPort(4222)];
    return answer(ctx, access, host, port);
  },
};

interface Access {
  accounts: number;
  admin: string;
  password: string;
}

function makeAccess(ctx: StartContext, { settings }: ServerRequest): Access {
  const accounts = settings.exclusive ? 1 : shared;
  return { accounts, admin: ctx.secret(), password: ctx.secret() };
}

/** The server's configuration, of which JSON is a part: passwords are in no list of processes. */
function configuration(
  { accounts, admin, password }: Access,
  listen: string,
  folder: string,
): string {
  const account = (user: string, secret: string) => ({
    [user]: { jetstream: 'enabled', users: [{ user, password: secret }] },
  });
  const names = Array.from({ length: accounts }, (_, index) => `account${index + 1}`);
  const tests = names.map((name) => account(name, password));
  return JSON.stringify({
    listen,
    jetstream: { store_dir: folder },
    accounts: Object.assign(account('seamkit', admin), ...tests),
    ...(accounts === 1 && { no_auth_user: 'account1' }),
  });
}

/** Ready when it greets, which it does once JetStream has started. */
async function answer(
  ctx: StartContext,
  { accounts, admin, password }: Access,
  host: string,
  port: number,
): Promise<Endpoint> {
  let version: string | undefined;
  await ctx.ready(async () => {
    const greeting = await exchange(port, undefined, { host });
    version = /"version":"([^"]+)"/.exec(greeting.toString())?.[1];
    return version !== undefined;
  });
  return { url: `nats://seamkit:${admin}@${host}:${port}`, version, accounts, password };
}
