import { createHash, type KeyObject } from 'node:crypto';
import { type Algorithm, generate } from './algorithm';
import { rsaKey } from './rsa-cache';

/** A public key as the issuer publishes it. */
export interface PublicJwk {
  kid: string;
  alg: Algorithm;
  use: 'sig';
  kty: string;
  [member: string]: unknown;
}

export interface SigningKey {
  kid: string;
  algorithm: Algorithm;
  privateKey: KeyObject;
  publicKey: KeyObject;
  jwk: PublicJwk;
}

/** @param index no two keys of a sandbox have the same */
export async function makeKey(algorithm: Algorithm, index: number): Promise<SigningKey> {
  const pair = algorithm === 'RS256' ? await rsaKey(index) : await generate(algorithm);
  const members = pair.publicKey.export({ format: 'jwk' }) as { kty: string };
  const kid = createHash('sha256').update(thumbprintInput(members)).digest('base64url');
  return { kid, algorithm, ...pair, jwk: { ...members, kid, alg: algorithm, use: 'sig' } };
}

/** RFC 7638: the required members only, in the order of their names. */
function thumbprintInput(members: Record<string, unknown>): string {
  const required = ['crv', 'e', 'kty', 'n', 'x', 'y'].filter((name) => name in members);
  return JSON.stringify(Object.fromEntries(required.map((name) => [name, members[name]])));
}
