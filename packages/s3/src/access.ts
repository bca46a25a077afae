import { SeamkitError } from '@seamkit/core';

/** How a client gets in. */
export interface Access {
  /** `http://127.0.0.1:9000`, without a path. */
  endpoint: string;
  accessKey: string;
  secretKey: string;
  region: string;
}

/** The url of a server. */
export const writtenLike = 'http://accessKey:secretKey@127.0.0.1:9000?region=us-east-1';

/**
 * Reads `http(s)://accessKey:secretKey@host:port?region=…`; the region is us-east-1 by default.
 * @throws SeamkitError `URL_INVALID`
 */
export function readAccess(text: string): Access {
  const refuse = (problem: string) =>
    new SeamkitError('URL_INVALID', `s3: the url ${problem}`, {
      hint: `write it like ${writtenLike}`,
    });
  if (!URL.canParse(text)) throw refuse('is malformed');
  const url = new URL(text);
  if (!url.username || !url.password) throw refuse('has no access key and secret key');
  if (url.pathname !== '/')
    throw refuse(`has the path ${url.pathname}; buckets are named by the kit`);
  for (const name of url.searchParams.keys()) {
    if (name !== 'region') throw refuse(`has the parameter ${name}`);
  }
  return {
    endpoint: url.origin,
    accessKey: decodeURIComponent(url.username),
    secretKey: decodeURIComponent(url.password),
    region: url.searchParams.get('region') || 'us-east-1',
  };
}

/** The same, and a bucket in it, as one connection string. */
export function writeUrl({ endpoint, accessKey, secretKey, region }: Access, bucket = ''): string {
  const url = new URL(`/${bucket}`, endpoint);
  url.username = encodeURIComponent(accessKey);
  url.password = encodeURIComponent(secretKey);
  url.searchParams.set('region', region);
  return url.href;
}
