import { is, SeamkitError } from '@seamkit/core';
import { checkFields } from './check-fields';
import { type Claims, encode, signWith, signWithSecret } from './jws';
import { type Mint, type TokenOptions, tokenFields } from './mint';
import type { SigningKey } from './signing-key';

/** A token that a service must refuse. */
export interface RefusedToken {
  name: RefusedName;
  token: string;
  /** What is wrong with it, for a failing test's message. */
  why: string;
}

export interface RefusedOptions extends TokenOptions {
  /** Leaves these out: what the service is known not to check. */
  except?: readonly RefusedName[];
}

/** What the tokens are made from. */
interface Forge {
  mint: Mint;
  options: TokenOptions;
  header: Claims;
  claims: Claims;
  /** A key that the issuer never published as its own. */
  stranger: SigningKey;
  /** The token that would be accepted. */
  good: string;
}

interface Recipe {
  why: string;
  make(forge: Forge): string;
}

/** Signed by the issuer, with other claims. */
const claiming =
  (change: (claims: Claims, forge: Forge) => Claims) =>
  (forge: Forge): string =>
    signWith(forge.mint.key, forge.header, { ...forge.claims, ...change(forge.claims, forge) });

/** Signed by a stranger, with another header. */
const byStranger =
  (change: (forge: Forge) => Claims) =>
  (forge: Forge): string =>
    signWith(forge.stranger, { ...forge.header, ...change(forge) }, forge.claims);

/** Signed with a secret that an attacker knows. */
const byHmac =
  (secret: (forge: Forge) => string, header: Claims = {}) =>
  (forge: Forge): string =>
    signWithSecret(secret(forge), { ...forge.header, alg: 'HS256', ...header }, forge.claims);

const unsigned =
  (alg: string) =>
  ({ header, claims }: Forge): string =>
    `${encode({ ...header, alg })}.${encode(claims)}.`;

/** The good token with one of its three parts replaced. */
const patched =
  (part: 0 | 1 | 2, change: (part: string, forge: Forge) => string) =>
  (forge: Forge): string => {
    const parts = forge.good.split('.');
    parts[part] = change(parts[part]!, forge);
    return parts.join('.');
  };

const recipes = {
  expired: {
    why: 'exp is an hour ago',
    make: claiming(({ iat }) => ({ iat: Number(iat) - 7200, exp: Number(iat) - 3600 })),
  },
  'not yet valid': {
    why: 'nbf is in an hour',
    make: claiming(({ iat }) => ({ nbf: Number(iat) + 3600, exp: Number(iat) + 7200 })),
  },
  'wrong audience': {
    why: 'aud is another service',
    make: claiming(() => ({ aud: 'another-service' })),
  },
  'longer audience': {
    why: 'aud only begins with the right one',
    make: claiming(({ aud }) => ({ aud: `${[aud].flat()[0]}-of-another` })),
  },
  'wrong issuer': {
    why: 'iss is somebody else',
    make: claiming(() => ({ iss: 'https://issuer.invalid' })),
  },
  'longer issuer': {
    why: 'iss only begins with the right one',
    make: claiming(({ iss }) => ({ iss: `${iss}.attacker.invalid` })),
  },
  'no expiry': { why: 'exp is missing', make: claiming(() => ({ exp: undefined })) },
  'no audience': { why: 'aud is missing', make: claiming(() => ({ aud: undefined })) },
  'no issuer': { why: 'iss is missing', make: claiming(() => ({ iss: undefined })) },
  'no subject': { why: 'sub is missing', make: claiming(() => ({ sub: undefined })) },
  'expiry is text': {
    why: 'exp is no number',
    make: claiming(({ exp }) => ({ exp: new Date(Number(exp) * 1000).toISOString() })),
  },
  'ID token': {
    why: "it is for the user's application: its aud is the client",
    make: ({ mint, claims }) =>
      mint.idToken({ user: String(claims.sub), clientId: String(claims.client_id) }),
  },
  'unknown key': {
    why: 'signed by a key that the issuer does not publish',
    make: byStranger(({ stranger }) => ({ kid: stranger.kid })),
  },
  'other key': {
    why: "signed by a stranger's key under the issuer's kid",
    make: byStranger(() => ({})),
  },
  'key in the header': {
    why: 'signed by the key that it brings along as jwk',
    make: byStranger(({ stranger }) => ({ kid: stranger.kid, jwk: stranger.jwk })),
  },
  'key by url': {
    why: 'signed by a key that its jku points to, which really answers',
    make: byStranger(({ stranger, mint }) => ({
      kid: stranger.kid,
      jku: `${mint.issuer}/stranger/jwks`,
    })),
  },
  'alg none': { why: 'not signed, and says so', make: unsigned('none') },
  'alg nOnE': { why: 'not signed, and says so in mixed case', make: unsigned('nOnE') },
  'signature removed': { why: 'the signature is empty', make: patched(2, () => '') },
  'signature cut off': {
    why: 'there is no third part',
    make: ({ good }) => good.slice(0, good.lastIndexOf('.')),
  },
  'signature of zeros': {
    why: 'every byte of the signature is 0',
    make: patched(2, (part) =>
      Buffer.alloc(Buffer.from(part, 'base64url').length).toString('base64url'),
    ),
  },
  'signature changed': {
    why: 'one bit of the signature is flipped',
    make: patched(2, (part) => {
      const bytes = Buffer.from(part, 'base64url');
      bytes[8]! ^= 1;
      return bytes.toString('base64url');
    }),
  },
  'payload changed': {
    why: 'sub is another one, under the signature of before',
    make: patched(1, (_, { claims }) => encode({ ...claims, sub: `not-${claims.sub}` })),
  },
  'header changed': {
    why: 'a header member was added after signing',
    make: patched(0, (_, { header }) => encode({ ...header, seamkit: 'added' })),
  },
  'HMAC with the public key': {
    why: 'HS256, keyed with the public key as PEM',
    make: byHmac(({ mint }) => String(mint.key.publicKey.export({ type: 'spki', format: 'pem' }))),
  },
  'HMAC with an empty key': { why: 'HS256, keyed with nothing', make: byHmac(() => '') },
  'kid of another file': {
    why: 'kid is a path to an empty file, and HS256 is keyed with nothing',
    make: byHmac(() => '', { kid: '../../../../../../dev/null' }),
  },
  'unknown critical header': {
    why: 'crit names an extension that nobody knows (RFC 7515, 4.1.11)',
    make: ({ mint, header, claims }) =>
      signWith(
        mint.key,
        { ...header, crit: ['urn:seamkit:unknown'], 'urn:seamkit:unknown': true },
        claims,
      ),
  },
  'payload is text': {
    why: 'rightly signed, but its payload is no JSON object',
    make: ({ mint, header }) => signWith(mint.key, header, 'not json'),
  },
  'no token': { why: 'three parts that are nothing', make: () => 'not.a.token' },
} satisfies Record<string, Recipe>;

export type RefusedName = keyof typeof recipes;

/** The names in the catalogue, for `test.each`. */
export const refusedNames = Object.keys(recipes) as readonly RefusedName[];

/** Each differs in one thing from `mint.token(options)`. */
export function refusedTokens(
  mint: Mint,
  stranger: SigningKey,
  { except = [], ...options }: RefusedOptions = {},
): RefusedToken[] {
  checkFields('refused()', options, tokenFields);
  checkFields('refused()', { except }, { except: is.list });
  const unknown = except.find((name) => !(name in recipes));
  if (unknown !== undefined) {
    throw new SeamkitError('OPTION_INVALID', `refused() knows no token named '${unknown}'`, {
      hint: `use any of: ${refusedNames.join(', ')}`,
    });
  }
  const forge: Forge = {
    mint,
    options,
    header: mint.header(options),
    claims: mint.claims(options),
    stranger,
    good: mint.token(options),
  };
  return refusedNames
    .filter((name) => !except.includes(name))
    .map((name) => ({ name, token: recipes[name].make(forge), why: recipes[name].why }));
}
