import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { SeamkitError } from '@seamkit/core';
import { Client } from 'minio';
import { type Access, writeUrl } from './access';
import { listKeys } from './bucket-content';
import type { Requests } from './requests';
import { type Capabilities, capabilitiesOf, type ServerKind } from './server-kind';

/** Parts of uploads of unknown length, bytes: what one upload holds in memory. */
const partSize = 8 * 1024 ** 2;
/** Seconds that a presigned url is good for by default. */
const expiry = 900;

/** How to reach the sandbox's buckets: what `prepare` and the test get. */
export interface S3Access extends Access {
  /** `http://accessKey:secretKey@host:port/bucket?region=…`: all of the below in one string. */
  url: string;
  /** The (first) bucket's name on the server. */
  bucket: string;
  /** All buckets' names on the server, by the names given in the option `buckets`. */
  buckets: Readonly<Record<string, string>>;
  /** A client of the `minio` package: it does not retry, and sends streams in parts of 8 MiB. */
  client: Client;
  /** For `new S3Client(…)` of the AWS SDK 3. */
  connection: {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
    forcePathStyle: true;
    /** The SDK's own default makes uploads of streams that older servers refuse. */
    requestChecksumCalculation: 'WHEN_REQUIRED';
    responseChecksumValidation: 'WHEN_REQUIRED';
  };
}

/** Which of several buckets, by its name in the option `buckets`. Default: the first. */
export interface InBucket {
  bucket?: string;
}

export interface PutOptions extends InBucket {
  /** Default `application/octet-stream`. */
  contentType?: string;
  /** User metadata, without the prefix `x-amz-meta-`. */
  metadata?: Record<string, string>;
}

/** What the test gets as `env.<name>`. All functions may be called concurrently. */
export interface S3Members extends S3Access {
  /** Which server answers. */
  server: ServerKind;
  /** What that server can do. */
  capabilities: Capabilities;
  /** Stores an object; a stream is sent in parts of 8 MiB. */
  put(key: string, body: string | Uint8Array | Readable, options?: PutOptions): Promise<void>;
  /** The object as text (UTF-8), or undefined. */
  text(key: string, options?: InBucket): Promise<string | undefined>;
  /** The object's bytes, or undefined. */
  bytes(key: string, options?: InBucket): Promise<Buffer | undefined>;
  /** All keys that start with `prefix` (default: all), in the server's order. */
  keys(prefix?: string, options?: InBucket): Promise<string[]>;
  /** A url to GET the object with; good for `seconds` (default 900). */
  presignedGet(key: string, seconds?: number, options?: InBucket): Promise<string>;
  /** A url to PUT the object with; good for `seconds` (default 900). */
  presignedPut(key: string, seconds?: number, options?: InBucket): Promise<string>;
}

/** The access, and how to end its client. */
export function connect(access: Access, buckets: Record<string, string>) {
  const { endpoint, accessKey, secretKey, region } = access;
  const { protocol, hostname, port } = new URL(endpoint);
  const useSSL = protocol === 'https:';
  const agent = new (useSSL ? HttpsAgent : HttpAgent)({ keepAlive: true });
  const bucket = Object.values(buckets)[0]!;
  const s3: S3Access = {
    ...access,
    url: writeUrl(access, bucket),
    bucket,
    buckets,
    client: new Client({
      endPoint: hostname,
      port: port ? Number(port) : undefined,
      useSSL,
      accessKey,
      secretKey,
      region,
      pathStyle: true,
      partSize,
      retryOptions: { disableRetry: true },
      transportAgent: agent,
    }),
    connection: {
      endpoint,
      region,
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    },
  };
  return { s3, close: () => agent.destroy() };
}

export function makeMembers(s3: S3Access, server: ServerKind, requests: Requests): S3Members {
  const { client, buckets } = s3;
  const find = ({ bucket }: InBucket = {}): string => {
    if (bucket === undefined) return s3.bucket;
    if (Object.hasOwn(buckets, bucket)) return buckets[bucket]!;
    throw new SeamkitError('OPTION_INVALID', `s3: this sandbox has no bucket '${bucket}'`, {
      hint: `use one of: ${Object.keys(buckets).join(', ')}; or name it in the option buckets`,
    });
  };
  const bytes = async (key: string, options?: InBucket) => {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of await client.getObject(find(options), key)) chunks.push(chunk);
      return Buffer.concat(chunks);
    } catch (error) {
      if ((error as { code?: string }).code === 'NoSuchKey') return undefined;
      throw error;
    }
  };
  return {
    ...s3,
    server,
    capabilities: capabilitiesOf[server],
    bytes,
    text: async (key, options) => (await bytes(key, options))?.toString(),
    async put(key, body, { contentType, metadata, ...options } = {}) {
      const content =
        body instanceof Uint8Array
          ? Buffer.from(body.buffer, body.byteOffset, body.byteLength)
          : body;
      const size =
        typeof content === 'string'
          ? Buffer.byteLength(content)
          : Buffer.isBuffer(content)
            ? content.length
            : undefined;
      await client.putObject(find(options), key, content, size, {
        ...metadata,
        ...(contentType && { 'Content-Type': contentType }),
      });
    },
    keys: async (prefix = '', options) => listKeys(requests, find(options), prefix),
    presignedGet: async (key, seconds = expiry, options) =>
      client.presignedGetObject(find(options), key, seconds),
    presignedPut: async (key, seconds = expiry, options) =>
      client.presignedPutObject(find(options), key, seconds),
  };
}
