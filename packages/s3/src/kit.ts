import {
  type ContainerOptions,
  check,
  checkOptions,
  containerFields,
  defineKit,
  is,
  SeamkitError,
  type ServerKit,
  type ServerOptions,
} from '@seamkit/core';
import { readAccess } from './access';
import type { S3Access, S3Members } from './members';
import { connectDriver, type SandboxBuckets, type Template } from './sandbox';
import type { ContainerRecipe } from './server';
import { type Capability, capabilityNames } from './server-kind';

export interface S3Options extends ServerOptions {
  /**
   * Makes the baseline: puts objects, and sets versioning, policy, lifecycle, CORS or tags, with any
   * client. Called once per run and per distinct source of the function and `key`, with the url of
   * an empty bucket, and the same as fields (and all buckets, where there are several). Default:
   * empty buckets.
   */
  prepare?: (url: string, s3: S3Access & { signal: AbortSignal }) => unknown;
  /**
   * Several buckets instead of one, by names of your own: 1 to 20 lower-case letters, digits and
   * inner hyphens each. Their names on the server are in `buckets`.
   */
  buckets?: readonly string[];
  /** What the server must be able to do, else `UNSUPPORTED` rather than a wrong answer later. */
  requires?: readonly Capability[];
  /** Limits and the like; and how to run `image` where it is not MinIO's: `port`, `env`, `command`. */
  container?: ContainerOptions & Partial<ContainerRecipe>;
}

const texts = (values: unknown[]) => values.every((text) => typeof text === 'string');

const containerShape = is.fields({
  ...containerFields,
  port: check('a port', (value) => Number.isInteger(value) && Number(value) > 0),
  env: check(
    'strings by name',
    (env) => is.record.accepts(env) && texts(Object.values(env as object)),
  ),
  command: check('a list of strings', (list) => Array.isArray(list) && texts(list)),
});

const names = check(
  'a list of different names, each 1 to 20 lower-case letters, digits and inner hyphens',
  (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    new Set(value).size === value.length &&
    value.every(
      (name) => typeof name === 'string' && /^(?!.{21})[a-z0-9]+(-+[a-z0-9]+)*$/.test(name),
    ),
);

export const s3Kit: ServerKit<S3Options, S3Members, Template, SandboxBuckets> = {
  kind: 'server',
  name: 's3',
  supports: { runtimes: ['container', 'process', 'external'], prepare: true },
  server: require.resolve('./server'),
  plan(options) {
    checkOptions(
      's3',
      options,
      {
        prepare: is.function,
        buckets: names,
        container: containerShape,
        requires: check(
          `a list of ${capabilityNames.map((name) => `'${name}'`).join(', ')}`,
          (value) =>
            Array.isArray(value) &&
            value.every((name) => capabilityNames.includes(name as Capability)),
        ),
      },
      { server: true },
    );
    const { prepare, buckets, container = {}, url } = options;
    if (url !== undefined) readAccess(url);
    const { port, env = {}, command } = container;
    if (port === undefined && (command || Object.keys(env).length > 0)) {
      throw new SeamkitError('OPTION_INVALID', "s3() option 'container' has no port", {
        hint: 'name the port that the image serves S3 on: container: { port: 8000, … }',
      });
    }
    return {
      settings:
        port === undefined ? undefined : { container: { port, env, ...(command && { command }) } },
      baseline: [prepare, buckets],
    };
  },
  driver: connectDriver,
  variables: ({ endpoint, accessKey, secretKey, region, bucket }) => ({
    S3_BUCKET: bucket,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
    AWS_REGION: region,
  }),
};

/**
 * A private S3 bucket, or several, on a server that all test files share.
 *
 * The factory throws `OPTION_INVALID` and `URL_INVALID`. Connecting throws `SERVER_UNREACHABLE`,
 * `SERVER_MISMATCH` (no S3 server), `PERMISSION_MISSING` (keys) and `UNSUPPORTED` (see `requires`).
 */
export const s3 = defineKit(s3Kit);
