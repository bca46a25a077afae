import { createHash } from 'node:crypto';
import { type Answer, json, oauthError, type Question } from '../answer';
import type { Mint } from '../mint';
import type { CodeGrant, Grant, OAuthClient, State } from '../state';

type Redeem = (params: URLSearchParams, client: Known, state: State) => Grant | Answer;

interface Known extends OAuthClient {
  id: string;
}

/** The token endpoint of OAuth 2 (RFC 6749), with PKCE (RFC 7636). */
export function token(question: Question, state: State, mint: Mint): Answer {
  if (question.method !== 'POST') return oauthError('invalid_request', 'use POST', 405);
  const { params } = question;
  const client = authenticate(question, state);
  if (!client) {
    return oauthError('invalid_client', 'unknown client or wrong secret', 401, {
      'www-authenticate': 'Basic realm="issuer"',
    });
  }
  const type = params.get('grant_type') ?? '';
  const redeem = Object.hasOwn(grants, type) ? grants[type] : undefined;
  if (!redeem) return oauthError('unsupported_grant_type', `grant_type '${type}' is unknown`);
  const grant = redeem(params, client, state);
  if ('status' in grant) return grant;

  const accessToken = mint.accessToken(grant);
  const { challenge: _, redirectUri: __, ...kept } = grant as CodeGrant;
  const forUser = type !== 'client_credentials';
  return json({
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: 3600,
    ...(grant.scope && { scope: grant.scope }),
    ...(forUser && { refresh_token: state.keep(kept, state.refreshTokens) }),
    ...(forUser && has(grant.scope, 'openid') && { id_token: mint.idToken(grant, accessToken) }),
  });
}

const grants: Record<string, Redeem> = {
  authorization_code(params, client, state) {
    const code = params.get('code') ?? '';
    const grant = state.codes.get(code);
    state.codes.delete(code); // good for one try
    if (!grant || grant.clientId !== client.id) return invalid('the code is unknown or used');
    if (params.get('redirect_uri') !== grant.redirectUri) return invalid('other redirect_uri');
    const verifier = params.get('code_verifier');
    if (grant.challenge && !meets(grant.challenge, verifier)) return invalid('wrong code_verifier');
    return grant;
  },
  refresh_token(params, client, state) {
    const name = params.get('refresh_token') ?? '';
    const grant = state.refreshTokens.get(name);
    if (!grant || grant.clientId !== client.id) return invalid('the token is unknown or used');
    const scope = params.get('scope') ?? grant.scope;
    if (!scope.split(' ').every((item) => has(grant.scope, item))) {
      return oauthError('invalid_scope', 'more than was granted');
    }
    state.refreshTokens.delete(name); // the answer has a new one
    return { ...grant, scope };
  },
  password(params, client, state) {
    const name = params.get('username') ?? '';
    const user = state.users.get(name);
    if (!user || params.get('password') !== (user.password ?? 'secret')) {
      return invalid('unknown user or wrong password');
    }
    return granted(name, params, client);
  },
  client_credentials(params, client) {
    if (!client.secret) return oauthError('unauthorized_client', 'this client has no secret');
    return granted(client.id, params, client);
  },
};

export const grantTypes = Object.keys(grants);

function granted(user: string, params: URLSearchParams, client: Known): Grant {
  const audience = params.get('audience') ?? params.get('resource') ?? client.audience;
  return { clientId: client.id, user, scope: params.get('scope') ?? '', audience };
}

/** By HTTP Basic or by the form; a public client by its id alone. */
function authenticate({ headers, params }: Question, state: State): Known | undefined {
  const [, basic] = /^Basic (.+)$/i.exec(String(headers.authorization ?? '')) ?? [];
  let id = params.get('client_id') ?? '';
  let secret = params.get('client_secret') ?? undefined;
  if (basic !== undefined) {
    const text = Buffer.from(basic, 'base64').toString();
    const colon = text.indexOf(':');
    id = formDecode(text.slice(0, colon));
    secret = formDecode(text.slice(colon + 1));
  }
  const client = state.clients.get(id);
  return client && client.secret === secret ? { ...client, id } : undefined;
}

/** Both halves are form-encoded before they are joined (RFC 6749, 2.3.1). */
function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function meets(challenge: NonNullable<CodeGrant['challenge']>, verifier: string | null): boolean {
  if (verifier === null) return false;
  const hashed = createHash('sha256').update(verifier).digest('base64url');
  return challenge.value === (challenge.method === 'S256' ? hashed : verifier);
}

function has(scope: string, item: string): boolean {
  return scope.split(' ').includes(item);
}

function invalid(description: string): Answer {
  return oauthError('invalid_grant', description);
}
