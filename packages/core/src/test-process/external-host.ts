import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { SeamkitError } from '../errors';

/** Addresses of this machine, and of networks that the internet does not reach. */
const near = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 32], // a connection to it goes to this machine
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
] as const) {
  near.addSubnet(network, bits, 'ipv4'); // counts for ::ffff:a.b.c.d, too
}
for (const [network, bits] of [
  ['::', 127], // :: and ::1
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  near.addSubnet(network, bits, 'ipv6');
}

/** Ends of names that the public DNS does not have, such as host.docker.internal. */
const nearNames = /(^|\.)(localhost|local|internal|test)\.?$/;

const variable = 'SEAMKIT_ALLOW_HOSTS';

/**
 * Refuses the url of an external server that could be anybody's: every host that it names must be
 * on this machine, have a private address or a name that the public DNS does not have, or be listed
 * in `SEAMKIT_ALLOW_HOSTS` (hosts and `*.suffix`, separated by commas). Nothing is looked up.
 * @throws SeamkitError `HOST_REFUSED` (always, where `NODE_ENV` is `production`), `URL_INVALID`,
 * `OPTION_INVALID` (a malformed `SEAMKIT_ALLOW_HOSTS`)
 */
export function checkExternalUrl(kit: string, url: string): void {
  if (process.env.NODE_ENV === 'production') {
    throw new SeamkitError(
      'HOST_REFUSED',
      `${kit}: no external server is used while NODE_ENV is production`,
      { hint: 'set NODE_ENV=test, or remove the url' },
    );
  }
  if (!URL.canParse(url)) {
    throw new SeamkitError('URL_INVALID', `${kit}: the external url is malformed`, {
      hint: `write it like ${kit}://user:password@host:port/name`,
    });
  }
  for (const host of hostsOf(url)) {
    if (host === '') {
      throw new SeamkitError('URL_INVALID', `${kit}: the external url names no host`, {
        hint: 'write its host into the url, for example 127.0.0.1',
      });
    }
    if (isNear(host) || isAllowed(host)) continue;
    const listed = process.env[variable];
    throw new SeamkitError(
      'HOST_REFUSED',
      `${kit}: ${host} may be a production server: it is neither this machine nor in a private network`,
      {
        hint: `if it is a server for tests, set ${variable}=${listed ? `${listed},` : ''}${host}`,
      },
    );
  }
}

/** All that a client could connect to: the url's host, and those of its parameters, which clients prefer. */
function hostsOf(url: string): string[] {
  const { hostname, searchParams } = new URL(url);
  const named = ['host', 'hostaddr'].flatMap((name) => searchParams.getAll(name));
  const own = hostname === '' && named.length > 0 ? [] : [decoded(hostname)];
  return [...own, ...named].flatMap((hosts) => hosts.split(','));
}

/** As clients read it: only urls of the web are decoded by `URL`. */
function decoded(hostname: string): string {
  try {
    return decodeURIComponent(hostname);
  } catch {
    return hostname;
  }
}

function isNear(host: string): boolean {
  if (host.startsWith('/')) return true; // the path of a socket
  const name = canonical(host);
  if (name === undefined) return false;
  if (isIPv4(name)) return near.check(name, 'ipv4');
  if (name.startsWith('[')) return near.check(name.slice(1, -1), 'ipv6');
  return !name.includes('.') || nearNames.test(name);
}

function isAllowed(host: string): boolean {
  const entries = (process.env[variable] ?? '').split(',').map((entry) => entry.trim());
  const name = canonical(host)?.replace(/\.$/, '');
  return entries.filter(Boolean).some((entry) => {
    const below = entry.startsWith('*.');
    const listed = canonical(below ? entry.slice(2) : entry)?.replace(/\.$/, '');
    if (!listed) {
      throw new SeamkitError('OPTION_INVALID', `${variable} lists '${entry}', which is no host`, {
        hint: `list hosts without protocol and port, for example ${variable}=db.example.com,*.ci.example.com`,
      });
    }
    return below ? name?.endsWith(`.${listed}`) : name === listed;
  });
}

/**
 * A host in the one way that web urls write it: lower case, and addresses in full, however the system
 * would let them be written (0x7f.1 is 127.0.0.1). Undefined where it is no host.
 */
function canonical(host: string): string | undefined {
  const text = isIPv6(host) ? `[${host}]` : host;
  if (!/^(\[[^[\]/?#@\\]+\]|[^[\]/?#@\\:%\s]+)$/.test(text) || !URL.canParse(`http://${text}`)) {
    return undefined;
  }
  const { hostname } = new URL(`http://${text}`);
  return /^(\[.*\]|[a-z0-9._-]+)$/.test(hostname) ? hostname : undefined;
}
