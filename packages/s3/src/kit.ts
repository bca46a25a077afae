import { defineKit, SeamkitError } from '@seamkit/core';
import { readAccess, writtenLike } from './access';
import type { S3Members } from './members';
import { checks, type S3Options } from './options';
import { connectDriver, type SandboxBuckets, type Template } from './sandbox';

/**
 * A private S3 bucket, or several, on a server that all test files share.
 *
 * The factory throws `OPTION_INVALID` and `URL_INVALID`. Connecting throws `SERVER_UNREACHABLE`,
 * `SERVER_MISMATCH` (no S3 server), `PERMISSION_MISSING` (keys) and `UNSUPPORTED` (see `requires`).
 */
export const s3 = defineKit<S3Options, S3Members, Template, SandboxBuckets>({
  kind: 'server',
  name: 's3',
  supports: { runtimes: ['container', 'process', 'external'], prepare: true },
  server: require.resolve('./server'),
  options: checks,
  url: { protocols: ['http:', 'https:'], like: writtenLike },
  plan({ prepare, buckets, container = {}, url }) {
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
});
