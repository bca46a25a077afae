import { randomBytes } from 'node:crypto';
import { check, is } from '@seamkit/core';
import { checkFields } from './check-fields';
import type { Claims } from './jws';
import type { SigningKey } from './signing-key';

/** Somebody who can sign in. */
export interface User {
  /** For the password grant. Default `secret`. */
  password?: string;
  /** In their access tokens, ID tokens and userinfo. `sub` here replaces their name. */
  claims?: Claims;
}

/** An application that asks for tokens. */
export interface OAuthClient {
  /** Default: none, a public client, which must use PKCE. */
  secret?: string;
  /** Where a browser may be sent back to, exactly. Default: any url of this machine's loopback. */
  redirectUris?: readonly string[];
  /** Where a browser may be sent after logout, exactly. Default: any url of the loopback. */
  postLogoutRedirectUris?: readonly string[];
  /** `aud` of its access tokens, where the request names none. Default: the kit's `audience`. */
  audience?: string | readonly string[];
}

/** What a code or refresh token stands for. */
export interface Grant {
  clientId: string;
  user: string;
  scope: string;
  audience?: string | readonly string[];
  sid?: string;
  nonce?: string;
  authTime?: number;
}

/** A code also remembers what it must be redeemed with. */
export interface CodeGrant extends Grant {
  redirectUri: string;
  challenge?: { value: string; method: 'S256' | 'plain' };
}

/** A browser that is signed in at the issuer. */
export interface IssuerSession {
  user: string;
  authTime: number;
}

/** Everything that the issuer knows, and that reset returns to its baseline. */
export class State {
  /** The first one signs; all are published. */
  keys: readonly SigningKey[] = [];
  users = new Map<string, User>();
  clients = new Map<string, OAuthClient>();
  codes = new Map<string, CodeGrant>();
  refreshTokens = new Map<string, Grant>();
  sessions = new Map<string, IssuerSession>();

  clone(): State {
    const copy = new State();
    copy.keys = this.keys;
    for (const part of ['users', 'clients', 'codes', 'refreshTokens', 'sessions'] as const) {
      copy[part] = structuredClone(this[part]) as any;
    }
    return copy;
  }

  addUser(name: string, user: User): void {
    checkFields('addUser()', { name }, { name: is.string });
    checkFields(`addUser('${name}')`, user, { password: is.string, claims: is.record });
    this.users.set(name, structuredClone(user));
  }

  addClient(id: string, client: OAuthClient): void {
    checkFields('addClient()', { id }, { id: is.string });
    checkFields(`addClient('${id}')`, client, {
      secret: is.string,
      redirectUris: urls,
      postLogoutRedirectUris: urls,
      audience: is.either(is.string, is.list),
    });
    this.clients.set(id, structuredClone(client));
  }

  /** Remembers a grant under a new, unguessable name. */
  keep<Kept>(kept: Kept, place: Map<string, Kept>): string {
    const name = randomBytes(24).toString('base64url');
    place.set(name, kept);
    return name;
  }

  /** A browser signs out: its session and the refresh tokens that came from it end. */
  endSession(sid: string): void {
    this.sessions.delete(sid);
    for (const [token, grant] of this.refreshTokens) {
      if (grant.sid === sid) this.refreshTokens.delete(token);
    }
  }
}

const urls = check(
  'a list of urls',
  (value) => Array.isArray(value) && value.every((item) => URL.canParse(item)),
);

/** Whether a browser may be sent to `target`: listed, or on the loopback where nothing is. */
export function mayRedirect(target: string, listed: readonly string[] | undefined): boolean {
  if (listed) return listed.includes(target);
  if (!URL.canParse(target)) return false;
  const { protocol, hostname } = new URL(target);
  const loopback = hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
  return loopback && (protocol === 'http:' || protocol === 'https:');
}
