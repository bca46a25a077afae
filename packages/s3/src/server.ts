import { basename } from 'node:path';
import {
  type Endpoint,
  exchange,
  SeamkitError,
  type ServerModule,
  type StartContext,
} from '@seamkit/core';
import { writeUrl } from './access';
import { findCeph, startCeph } from './ceph';
import { kindOf } from './server-kind';

const minioImage = 'minio/minio:RELEASE.2025-09-07T16-13-09Z';
const region = 'us-east-1';

/** How to run an image that is not MinIO's; see the option `container`. */
export interface ContainerRecipe {
  /** Where it serves S3. */
  port: number;
  /** `{accessKey}` and `{secretKey}` stand for the keys that it shall accept, here and in `command`. */
  env?: Record<string, string>;
  command?: string[];
}

const minio: ContainerRecipe = {
  port: 9000,
  command: ['server', '/data'],
  env: {
    MINIO_ROOT_USER: '{accessKey}',
    MINIO_ROOT_PASSWORD: '{secretKey}',
    MINIO_BROWSER: 'off',
  },
};

export const server: ServerModule = {
  boundary: () => (require('./kit') as typeof import('./kit')).s3(),

  async process({ version }, ctx) {
    // MinIO's versions are dates, so a version asks for Ceph.
    const minio = version
      ? undefined
      : await ctx
          .program({
            command: 'minio',
            folders: ['/usr/local/bin', '/opt/minio', '/opt/homebrew/bin'],
            install: { darwin: 'brew install minio' },
          })
          .catch(unlessMissing);
    if (minio === undefined || minio instanceof SeamkitError) {
      const ceph = await findCeph(version, ctx).catch((error) => {
        throw process.platform === 'linux' ? error : (minio ?? error);
      });
      return startCeph(ceph, ctx);
    }
    // Where SEAMKIT_S3_BIN names it.
    if (basename(minio.path) === 'radosgw') return startCeph(minio, ctx);
    const folder = await ctx.folder();
    const port = await ctx.port();
    const console = await ctx.port();
    const [accessKey, secretKey] = [ctx.secret(), ctx.secret()];
    await ctx.spawn(
      minio,
      [
        'server',
        folder,
        '--address',
        `127.0.0.1:${port}`,
        '--console-address',
        `127.0.0.1:${console}`,
      ],
      {
        cwd: folder,
        env: {
          HOME: folder,
          MINIO_ROOT_USER: accessKey,
          MINIO_ROOT_PASSWORD: secretKey,
          MINIO_BROWSER: 'off',
          MINIO_UPDATE: 'off',
          MINIO_CI_CD: 'on',
        },
      },
    );
    return answer(ctx, '127.0.0.1', port, accessKey, secretKey, minio.version);
  },

  async container({ version, image = minioImage, settings }, ctx) {
    if (version) {
      throw new SeamkitError(
        'VERSION_UNAVAILABLE',
        `s3: there is no container of version ${version}`,
        {
          hint: `name the image instead, e.g. image: '${minioImage}'`,
        },
      );
    }
    const { GenericContainer, Wait } = require('testcontainers') as typeof import('testcontainers');
    const [accessKey, secretKey] = [ctx.secret(), ctx.secret()];
    const recipe = (settings.container ?? minio) as unknown as ContainerRecipe;
    const fill = (text: string) =>
      text.replaceAll('{accessKey}', accessKey).replaceAll('{secretKey}', secretKey);
    const env = Object.entries(recipe.env ?? {}).map(([name, value]) => [name, fill(value)]);
    const started = await ctx.start(image, (image) => {
      const container = new GenericContainer(image)
        .withExposedPorts(recipe.port)
        .withEnvironment(Object.fromEntries(env))
        .withTmpFs({ '/data': 'rw' })
        .withWaitStrategy(Wait.forAll([]));
      return recipe.command ? container.withCommand(recipe.command.map(fill)) : container;
    });
    const host = started.getHost();
    return answer(ctx, host, started.getMappedPort(recipe.port), accessKey, secretKey);
  },

  /** As MinIO's image names them. */
  async adopt({ env, host, port }, ctx) {
    const user = env.MINIO_ROOT_USER || 'minioadmin';
    const password = env.MINIO_ROOT_PASSWORD || 'minioadmin';
    return answer(ctx, host, port(9000), user, password);
  },
};

/** Ready once it answers a request as an S3 server does, be it with a refusal. */
async function answer(
  ctx: StartContext,
  host: string,
  port: number,
  accessKey: string,
  secretKey: string,
  version?: string,
): Promise<Endpoint> {
  let kind = kindOf({});
  await ctx.ready(async () => {
    const hello = `GET / HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: close\r\n\r\n`;
    const head = (await exchange(port, hello, { host })).toString();
    kind = kindOf({
      server: /^server: (.*)$/im.exec(head)?.[1],
      'x-amz-request-id': /^x-amz-request-id: (.*)$/im.exec(head)?.[1],
    });
    return /^HTTP\/1\.1 (200|403) /.test(head);
  });
  const endpoint = `http://${host}:${port}`;
  return { url: writeUrl({ endpoint, accessKey, secretKey, region }), kind, version };
}

function unlessMissing(error: unknown): SeamkitError {
  if (error instanceof SeamkitError && error.code === 'BINARY_NOT_FOUND') return error;
  throw error;
}
