import type { Call } from './calls';
import type { Endpoint } from './fault';
import type { LogoutTokenOptions, TokenOptions } from './mint';
import type { RefusedOptions, RefusedToken } from './refused';
import type { Session } from './session';
import type { PublicJwk } from './signing-key';
import type { OAuthClient, User } from './state';

/** What the test gets: an OpenID Connect issuer, and people who sign in at it. */
export interface AuthMembers {
  /** The issuer: `iss` of its tokens, and the base of its endpoints. `http://127.0.0.1:24123`. */
  readonly url: string;
  /** `aud` of access tokens that name none. */
  readonly audience: string;
  readonly discoveryUrl: string;
  readonly jwksUrl: string;
  /** What `jwksUrl` answers. */
  readonly jwks: { keys: PublicJwk[] };

  /**
   * A signed access token, at once: nothing is asked over the network.
   * @throws SeamkitError `OPTION_INVALID`
   */
  token(options?: TokenOptions): string;
  /**
   * The tokens that a service must refuse. Each differs in one thing from `token(options)`, which
   * it must accept.
   * @throws SeamkitError `OPTION_INVALID`
   */
  refused(options?: RefusedOptions): RefusedToken[];
  /** A token by which an issuer tells a service that somebody has signed out. */
  logoutToken(options?: LogoutTokenOptions): string;

  /** Somebody who can sign in, or who they are from now on. @throws SeamkitError `OPTION_INVALID` */
  addUser(name: string, user?: User): void;
  /** An application that asks for tokens. @throws SeamkitError `OPTION_INVALID` */
  addClient(id: string, client?: OAuthClient): void;

  /**
   * A new key signs from now on. The old ones stay published, so that their tokens remain good;
   * with `retire` they are withdrawn, and their tokens must be refused once the service has asked
   * for the keys again.
   */
  rotate(options?: { retire?: boolean }): Promise<void>;

  /** The issuer stops: connections end, new ones are refused (ECONNREFUSED), until `up` or reset. */
  down(): Promise<void>;
  /** Answers come `ms` later (Infinity: never), from these endpoints or from all. */
  slow(ms: number, ...endpoints: Endpoint[]): void;
  /** Answers are this status (400 to 599), from these endpoints or from all. */
  fail(status: number, ...endpoints: Endpoint[]): void;
  /** Connections are reset (ECONNRESET) in place of an answer, by these endpoints or by all. */
  cut(...endpoints: Endpoint[]): void;
  /** Ends all of the faults above. */
  up(): Promise<void>;

  /** What the issuer was asked since the last reset, the oldest first; by one endpoint or by all. */
  calls(endpoint?: Endpoint): Call[];

  /**
   * Signs a user in at the service: visits its login url in a browser of the user's, who has a
   * session at the issuer already, and follows the redirects there and back.
   * Rejects with `EXPECTATION_FAILED` where the service has set no cookie at the end.
   * @param url the service's own, complete: `http://127.0.0.1:3000/login`
   */
  login(url: string | URL, options?: { user?: string }): Promise<Session>;
  /** A browser that nobody is signed in at. @param url the service's */
  browser(url: string | URL): Session;
}
