import { createHmac, sign, verify } from 'node:crypto';
import type { SigningKey } from './signing-key';

/** Members of a token's header or payload. A member that is undefined is left out. */
export type Claims = { [name: string]: unknown };

/** One part of a token: JSON, or text as it is. */
export function encode(part: Claims | string): string {
  const text = typeof part === 'string' ? part : JSON.stringify(part);
  return Buffer.from(text).toString('base64url');
}

/** A token in compact form (RFC 7515), with the header as it is: it may lie about the key. */
export function signWith(key: SigningKey, header: Claims, payload: Claims | string): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${signature(input, key).toString('base64url')}`;
}

export function signWithSecret(secret: string, header: Claims, payload: Claims): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

/** The payload of a token that one of these keys has signed; undefined where none has. */
export function readSigned(token: string, keys: readonly SigningKey[]): Claims | undefined {
  const [header = '', payload = '', signed = '', ...rest] = token.split('.');
  if (rest.length > 0) return undefined;
  try {
    const { kid, alg } = decode(header);
    const key = keys.find((candidate) => candidate.kid === kid && candidate.algorithm === alg);
    if (!key) return undefined;
    const valid = verify(
      digest(key),
      Buffer.from(`${header}.${payload}`),
      { key: key.publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signed, 'base64url'),
    );
    return valid ? decode(payload) : undefined;
  } catch {
    return undefined;
  }
}

function signature(input: string, key: SigningKey): Buffer {
  const bytes = Buffer.from(input);
  return sign(digest(key), bytes, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
}

/** Ed25519 hashes by itself. */
function digest({ algorithm }: SigningKey): 'sha256' | null {
  return algorithm === 'EdDSA' ? null : 'sha256';
}

function decode(part: string): Claims {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}
