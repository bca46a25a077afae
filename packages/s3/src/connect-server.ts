import { clearTimeout, setTimeout } from 'node:timers';
import { type Endpoint, SeamkitError } from '@seamkit/core';
import { type Access, readAccess } from './access';
import { Requests } from './requests';
import { kindOf, type ServerKind } from './server-kind';

const patience = 10_000;

/**
 * Signed requests to the endpoint's server, and which server it is. Asked of the server itself
 * unless the kit started it.
 * @throws SeamkitError `URL_INVALID`, `SERVER_UNREACHABLE`, `SERVER_MISMATCH`, `PERMISSION_MISSING`
 */
export async function connectServer(
  endpoint: Endpoint,
): Promise<{ access: Access; requests: Requests; kind: ServerKind }> {
  const access = readAccess(endpoint.url);
  const requests = new Requests(access);
  try {
    const kind = (endpoint.kind as ServerKind | undefined) ?? (await introduce(access, requests));
    return { access, requests, kind };
  } catch (error) {
    requests.close();
    throw error;
  }
}

async function introduce({ endpoint }: Access, requests: Requests): Promise<ServerKind> {
  const { status, headers, body } = await inTime(requests.ask('GET', {})).catch((error) => {
    const talks = ['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ECONNRESET'].includes(error.code);
    const notHttp = talks || String(error.code).startsWith('HPE_');
    throw SeamkitError.wrap(
      error,
      notHttp ? 'SERVER_MISMATCH' : 'SERVER_UNREACHABLE',
      notHttp
        ? `s3: ${endpoint} does not answer as it should`
        : `s3: nothing answers at ${endpoint}`,
      {
        hint: 'see that the server runs, and that SEAMKIT_S3_URL has its host, port and http or https',
      },
    );
  });
  const code = /<Error>.*?<Code>(.*?)<\/Code>/s.exec(body)?.[1];
  if (code) {
    const skewed = code === 'RequestTimeTooSkewed';
    throw new SeamkitError('PERMISSION_MISSING', `s3: ${endpoint} answered ${code}`, {
      hint: skewed
        ? "set this machine's clock right: signatures are good for 15 minutes"
        : 'give the keys of a user that may list, make and remove buckets named seamkit-*',
    });
  }
  if (status !== 200 || !body.includes('<ListAllMyBucketsResult')) {
    throw new SeamkitError(
      'SERVER_MISMATCH',
      `s3: ${endpoint} is no S3 server (status ${status})`,
      {
        hint: 'point SEAMKIT_S3_URL to the S3 port, not to a console or another service',
      },
    );
  }
  return kindOf(headers);
}

async function inTime<R>(answer: Promise<R>): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patience} ms`)), patience);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
