import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import type { AuthConfig } from '../config';

/** What a good token says; undefined for any other. Rejects where the issuer cannot be asked. */
export type ReadToken = (token: string) => Promise<JWTPayload | undefined>;

/** Access tokens of one issuer, whose keys are asked for at the first token, and kept. */
export function readTokensOf({ issuer, audience }: AuthConfig): ReadToken {
  let keys: ReturnType<typeof findKeys> | undefined;
  return async (token) => {
    keys ??= findKeys(issuer).catch((error) => {
      keys = undefined;
      throw error;
    });
    const getKey = await keys;
    try {
      const { payload } = await jwtVerify(token, getKey, {
        issuer,
        audience,
        // Its ID tokens are for somebody else (RFC 9068).
        typ: 'at+jwt',
        algorithms: ['RS256', 'ES256', 'EdDSA'],
        requiredClaims: ['exp', 'sub'],
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JOSEError && !ofTheIssuer.includes(error.code)) return undefined;
      throw error;
    }
  };
}

/** No keys in time, none that make sense, another status than 200: that says nothing of a token. */
const ofTheIssuer = ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'];

async function findKeys(issuer: string) {
  const response = await fetch(`${issuer}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(5000),
  });
  if (!response.ok) throw new Error(`the issuer answered ${response.status}`);
  const { jwks_uri } = (await response.json()) as { jwks_uri: string };
  return createRemoteJWKSet(new URL(jwks_uri));
}
