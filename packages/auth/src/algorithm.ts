import { generateKeyPair as generateKeyPairCallback, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** How tokens are signed. */
export type Algorithm = 'RS256' | 'ES256' | 'EdDSA';

export const algorithms = ['RS256', 'ES256', 'EdDSA'] as const satisfies readonly Algorithm[];

export interface KeyPair {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

const generateKeyPair = promisify(generateKeyPairCallback);

/** A new key: 0.1 ms, but for RSA 90 to 900. */
export function generate(algorithm: Algorithm): Promise<KeyPair> {
  switch (algorithm) {
    case 'RS256':
      return generateKeyPair('rsa', { modulusLength: 2048 });
    case 'ES256':
      return generateKeyPair('ec', { namedCurve: 'P-256' });
    case 'EdDSA':
      return generateKeyPair('ed25519', {});
  }
}

/** The hash that belongs to the algorithm, for `at_hash` (OpenID Connect Core, 3.1.3.6). */
export function hashOf(algorithm: Algorithm): 'sha256' | 'sha512' {
  return algorithm === 'EdDSA' ? 'sha512' : 'sha256';
}
