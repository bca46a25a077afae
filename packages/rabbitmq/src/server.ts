import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import {
  type Endpoint,
  exchange,
  type ServerModule,
  type ServerRequest,
  type StartContext,
} from '@seamkit/core';
import { fastBoot } from './fast-boot';
import { findInstallation, programsBelow } from './installation';
import { type Node, nodeArguments, nodeEnvironment, writeConfiguration } from './node';

const user = 'seamkit';
const management = 'rabbitmq_management';

export const server: ServerModule = {
  async process(request, ctx) {
    const installation = await findInstallation(request.version, ctx);
    const plugins = wantedPlugins(request);
    const ports = { amqp: await ctx.port(), management: await ctx.port() };
    const root = await fastBoot(installation, plugins, ports, ctx);
    const folder = await ctx.folder(join(root, 'data'));
    const node: Node = { ...ports, folder, root, plugins, boot: 'seamkit' };
    const password = ctx.secret();
    const access = { definitions: administrator(password) };
    const configuration = await writeConfiguration(node, access, ctx);
    const erlexec = installation.program('erlexec');
    await ctx.spawn(
      { ...erlexec, path: join(programsBelow(root, installation), 'erlexec') },
      nodeArguments(node),
      { cwd: folder, env: nodeEnvironment(node, installation, configuration) },
    );
    return answer(ctx, '127.0.0.1', ports.amqp, ports.management, password);
  },

  async container(request, ctx) {
    const { GenericContainer, Wait } = require('testcontainers') as typeof import('testcontainers');
    const image = request.image ?? `rabbitmq:${request.version ?? '4'}-management`;
    const password = ctx.secret();
    const started = await ctx.start(image, (image) =>
      new GenericContainer(image)
        .withExposedPorts(5672, 15672)
        .withEnvironment({ RABBITMQ_DEFAULT_USER: user, RABBITMQ_DEFAULT_PASS: password })
        .withCopyContentToContainer([
          {
            content: `[${wantedPlugins(request).join(',')}].\n`,
            target: '/etc/rabbitmq/enabled_plugins',
            mode: 0o644,
          },
        ])
        .withTmpFs({ '/var/lib/rabbitmq/mnesia': 'rw,mode=1777' })
        .withWaitStrategy(Wait.forAll([])),
    );
    const host = started.getHost();
    const [amqp, http] = [started.getMappedPort(5672), started.getMappedPort(15672)];
    return answer(ctx, host, amqp, http, password);
  },

  async adopt({ env, host, port }, ctx) {
    const [amqp, http] = [port(5672), port(15672)];
    const user = env.RABBITMQ_DEFAULT_USER || 'guest';
    const password = env.RABBITMQ_DEFAULT_PASS || 'guest';
    await ctx.ready(() => greets(host, amqp));
    let version: string | undefined;
    await ctx.ready(async () => {
      version = await askVersion(host, http, user, password);
    });
    return { url: connectionString(host, amqp, http, user, password), version };
  },

  boundary: () => (require('./kit') as typeof import('./kit')).rabbitmq(),
};

function wantedPlugins({ settings }: ServerRequest): string[] {
  return [...new Set([management, ...((settings.plugins as string[] | undefined) ?? [])])];
}

/** What the node imports while it boots; the prepared database knows no usable password. */
function administrator(password: string) {
  const salt = randomBytes(4);
  const hash = createHash('sha256').update(salt).update(password).digest();
  return {
    users: [
      {
        name: user,
        password_hash: Buffer.concat([salt, hash]).toString('base64'),
        hashing_algorithm: 'rabbit_password_hashing_sha256',
        tags: 'administrator',
      },
    ],
    vhosts: [{ name: '/' }],
    permissions: [{ user, vhost: '/', configure: '.*', write: '.*', read: '.*' }],
  };
}

/** Ready when it greets in AMQP, and the management API lets us in and tells the version. */
async function answer(
  ctx: StartContext,
  host: string,
  amqp: number,
  http: number,
  password: string,
): Promise<Endpoint> {
  await ctx.ready(() => greets(host, amqp));
  let version: string | undefined;
  await ctx.ready(async () => {
    version = await askVersion(host, http, user, password);
    return version !== undefined;
  });
  return { url: connectionString(host, amqp, http, user, password), version };
}

async function greets(host: string, port: number): Promise<boolean> {
  const greeting = await exchange(port, 'AMQP\0\0\x09\x01', { host });
  return greeting[0] === 1 && greeting.includes('RabbitMQ');
}

function connectionString(
  host: string,
  amqp: number,
  http: number,
  user: string,
  password: string,
): string {
  const access = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return `amqp://${access}@${host}:${amqp}?management=${http}`;
}

/** What the management API says to these credentials: nothing where it refuses them. Rejects where it does not serve yet. */
function askVersion(
  host: string,
  port: number,
  user: string,
  password: string,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host, port, path: '/api/overview', auth: `${user}:${password}`, timeout: 5_000 },
      (response) => {
        if (response.statusCode! >= 500) reject(new Error(`status ${response.statusCode}`));
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        response.once('end', () => resolve(/"rabbitmq_version":"([^"]+)"/.exec(text)?.[1]));
        response.once('error', reject);
      },
    );
    sent.once('timeout', () => sent.destroy(new Error('no answer')));
    sent.once('error', reject);
    sent.end();
  });
}
