import {
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';

/**
 * A throw-away certificate authority and one server certificate that it signed. Made with
 * node:crypto in a few ms, and never stored: the authority's key is gone once this returns, so
 * trusting it trusts nothing else.
 */
export interface Certificate {
  /** PEM of the authority: what a client has to trust. */
  ca: string;
  /** PEM of the server's certificate and its private key. */
  cert: string;
  key: string;
}

/** Valid from an hour ago for `days`, for each of `hosts` (names and IP addresses). */
export function issueCertificate(hosts: readonly string[], days = 30): Certificate {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const from = new Date(Date.now() - 3_600_000);
  const until = new Date(Date.now() + days * 86_400_000);
  const issuer = commonName(`Seamkit test authority ${randomBytes(4).toString('hex')}`);
  const make = (subject: Buffer, key: KeyObject, extensions: Buffer[]) =>
    seal(authority.privateKey, [
      explicit(0, integer(Buffer.from([2]))),
      integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
      ecdsaWithSha256,
      issuer,
      sequence(utcTime(from), utcTime(until)),
      subject,
      key.export({ type: 'spki', format: 'der' }),
      explicit(3, sequence(...extensions)),
    ]);
  return {
    ca: make(issuer, authority.publicKey, [
      extension('2.5.29.19', sequence(boolean(true)), true),
      extension('2.5.29.15', bits(0x06, 1), true), // may sign certificates and revocation lists
    ]),
    cert: make(commonName('Seamkit stub'), server.publicKey, [
      extension('2.5.29.15', bits(0x80, 7), true), // may sign handshakes
      extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))), // is a TLS server
      extension('2.5.29.17', sequence(...hosts.map(alternativeName))),
    ]),
    key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

// DER, as far as a certificate needs it: a tag, a length, and the content.

function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const size = body.length;
  const head =
    size < 0x80
      ? [tag, size]
      : size < 0x100
        ? [tag, 0x81, size]
        : [tag, 0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from(head), body]);
}

const sequence = (...items: readonly Buffer[]) => der(0x30, ...items);
const integer = (bytes: Buffer) => der(0x02, bytes);
const boolean = (value: boolean) => der(0x01, Buffer.from([value ? 0xff : 0]));
const octets = (content: Buffer) => der(0x04, content);
const bits = (byte: number, unused: number) => der(0x03, Buffer.from([unused, byte]));
const explicit = (number: number, content: Buffer) => der(0xa0 + number, content);

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

function utcTime(time: Date): Buffer {
  return der(0x17, Buffer.from(`${time.toISOString().replace(/\D/g, '').slice(2, 14)}Z`));
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(name)))));
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
}

function alternativeName(host: string): Buffer {
  return isIP(host) ? der(0x87, addressBytes(host)) : der(0x82, Buffer.from(host));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text = '') => text.split(':').filter(Boolean);
  const missing = 8 - groups(left).length - groups(right).length;
  const all = [...groups(left), ...Array<string>(missing).fill('0'), ...groups(right)];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));

/** Signs the fields, and returns the certificate as PEM. */
function seal(key: KeyObject, fields: readonly Buffer[]): string {
  const body = sequence(...fields);
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, key));
  return new X509Certificate(sequence(body, ecdsaWithSha256, signature)).toString();
}
