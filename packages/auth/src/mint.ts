import { createHash, randomUUID } from 'node:crypto';
import { check, is } from '@seamkit/core';
import { hashOf } from './algorithm';
import { checkFields } from './check-fields';
import { type Claims, signWith } from './jws';
import type { SigningKey } from './signing-key';
import type { Grant, State } from './state';

/** What an access token says. */
export interface TokenOptions {
  /** Default `alice`. Where a user has this name, the token carries the user's claims. */
  sub?: string;
  /** `orders:read orders:write`, or a list of them. Default: no `scope`. */
  scope?: string | readonly string[];
  /** Default: the kit's `audience`. */
  audience?: string | readonly string[];
  /** Seconds from now; negative: it has expired. Default 3,600. */
  expiresIn?: number;
  /** Seconds from now before which it is not valid. Default: no `nbf`. */
  notBefore?: number;
  /** Which application it was given to. Default `client`. */
  clientId?: string;
  /** Other claims; they win over all above, and one that is `undefined` is left out. */
  claims?: Claims;
  /** Header members beside `alg`, `kid` and `typ`; they win over these. */
  header?: Claims;
}

/** What a logout token says (OpenID Connect Back-Channel Logout). */
export interface LogoutTokenOptions {
  /** Who has signed out. Default `alice`. */
  sub?: string;
  /** Which session ended. Default: all of the user's. */
  sid?: string;
  /** `aud`. Default `client`. */
  clientId?: string;
}

const seconds = check('a number of seconds', Number.isFinite as (value: unknown) => boolean);
const texts = is.either(
  is.string,
  check(
    'a list of strings',
    (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  ),
);

export const tokenFields = {
  sub: is.string,
  scope: texts,
  audience: texts,
  expiresIn: seconds,
  notBefore: seconds,
  clientId: is.string,
  claims: is.record,
  header: is.record,
};

/** Makes tokens. Reads the clock at each, so that a test with a clock of its own gets its times. */
export class Mint {
  constructor(
    readonly issuer: string,
    readonly audience: string,
    /** The state of now: reset replaces it. */
    private readonly state: () => State,
  ) {}

  get key(): SigningKey {
    return this.state().keys[0]!;
  }

  token(options: TokenOptions = {}): string {
    checkFields('token()', options, tokenFields);
    return signWith(this.key, this.header(options), this.claims(options));
  }

  header({ header }: TokenOptions = {}): Claims {
    return { alg: this.key.algorithm, typ: 'at+jwt', kid: this.key.kid, ...header };
  }

  /** By RFC 9068, the profile for access tokens. */
  claims(options: TokenOptions = {}): Claims {
    const { sub = 'alice', scope, audience, expiresIn = 3600, notBefore } = options;
    const now = unixTime();
    return {
      iss: this.issuer,
      sub,
      aud: audience ?? this.audience,
      iat: now,
      nbf: notBefore === undefined ? undefined : now + notBefore,
      exp: now + expiresIn,
      jti: randomUUID(),
      client_id: options.clientId ?? 'client',
      scope: typeof scope === 'object' ? scope.join(' ') : scope,
      ...this.state().users.get(sub)?.claims,
      ...options.claims,
    };
  }

  accessToken({ user, clientId, scope, audience, sid }: Grant): string {
    const claims = { scope: scope || undefined, sid };
    return this.token({ sub: user, clientId, audience, claims });
  }

  idToken(grant: Omit<Grant, 'scope'>, accessToken?: string): string {
    const now = unixTime();
    const { algorithm, kid } = this.key;
    return signWith(
      this.key,
      { alg: algorithm, typ: 'JWT', kid },
      {
        iss: this.issuer,
        sub: grant.user,
        aud: grant.clientId,
        iat: now,
        exp: now + 3600,
        auth_time: grant.authTime,
        nonce: grant.nonce,
        sid: grant.sid,
        at_hash: accessToken && this.#halfHash(accessToken),
        ...this.state().users.get(grant.user)?.claims,
      },
    );
  }

  logoutToken(options: LogoutTokenOptions = {}): string {
    checkFields('logoutToken()', options, { sub: is.string, sid: is.string, clientId: is.string });
    const now = unixTime();
    const { sub = 'alice', sid, clientId = 'client' } = options;
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    return signWith(
      this.key,
      { alg: this.key.algorithm, typ: 'logout+jwt', kid: this.key.kid },
      {
        iss: this.issuer,
        sub: this.state().users.get(sub)?.claims?.sub ?? sub,
        aud: clientId,
        iat: now,
        exp: now + 120,
        jti: randomUUID(),
        sid,
        events,
      },
    );
  }

  #halfHash(token: string): string {
    const hash = createHash(hashOf(this.key.algorithm)).update(token).digest();
    return hash.subarray(0, hash.length / 2).toString('base64url');
  }
}

/** Now, in whole seconds since 1970. */
function unixTime(): number {
  return Math.floor(Date.now() / 1000);
}
