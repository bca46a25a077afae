import { type Answer, escapeHtml, page, type Question, redirect } from '../answer';
import type { Mint } from '../mint';
import { type CodeGrant, mayRedirect, type State } from '../state';
import { readSession, sessionCookie } from './issuer-session';

/**
 * The authorization code flow. Who has a session at the issuer is sent back at once; others see a
 * page with one button for each user, for tests with a real browser.
 */
export function authorize({ method, params, headers }: Question, state: State, mint: Mint): Answer {
  const clientId = params.get('client_id') ?? '';
  const redirectUri = params.get('redirect_uri') ?? '';
  const client = state.clients.get(clientId);
  if (!client) return problem(`there is no client '${clientId}'`);
  if (!mayRedirect(redirectUri, client.redirectUris)) {
    return problem(`client '${clientId}' may not redirect to '${redirectUri}'`);
  }
  const back = (answer: Record<string, string | undefined>, cookie?: string) =>
    redirect(
      redirectUri,
      { ...answer, state: params.get('state') ?? undefined, iss: mint.issuer },
      cookie ? { 'set-cookie': cookie } : {},
    );
  const refuse = (error: string, error_description: string) => back({ error, error_description });

  if (params.get('response_type') !== 'code') {
    return refuse('unsupported_response_type', 'response_type must be code');
  }
  const challenge = params.get('code_challenge');
  const challengeMethod = params.get('code_challenge_method') ?? 'plain';
  if (!client.secret && !challenge) {
    return refuse('invalid_request', 'a public client must use PKCE: code_challenge is missing');
  }
  if (challengeMethod !== 'S256' && challengeMethod !== 'plain') {
    return refuse('invalid_request', `code_challenge_method '${challengeMethod}' is unknown`);
  }

  const prompt = params.get('prompt')?.split(' ') ?? [];
  const chosen = method === 'POST' ? params.get('user') : null;
  if (chosen !== null && !state.users.has(chosen)) return problem(`there is no user '${chosen}'`);
  let sid = prompt.includes('login') || chosen !== null ? undefined : readSession(headers, state);
  let cookie: string | undefined;
  if (chosen !== null) {
    sid = state.keep({ user: chosen, authTime: Math.floor(Date.now() / 1000) }, state.sessions);
    cookie = sessionCookie(sid);
  }
  if (sid === undefined) {
    return prompt.includes('none')
      ? refuse('login_required', 'nobody is signed in')
      : loginPage(params, state);
  }

  const { user, authTime } = state.sessions.get(sid)!;
  const grant: CodeGrant = {
    clientId,
    redirectUri,
    user,
    authTime,
    sid,
    scope: params.get('scope') ?? '',
    audience: params.get('audience') ?? params.get('resource') ?? client.audience,
    nonce: params.get('nonce') ?? undefined,
    challenge: challenge === null ? undefined : { value: challenge, method: challengeMethod },
  };
  return back({ code: state.keep(grant, state.codes) }, cookie);
}

function loginPage(params: URLSearchParams, state: State): Answer {
  const fields = [...params]
    .filter(([name]) => name !== 'user')
    .map(
      ([name, value]) =>
        `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
    );
  const buttons = [...state.users.keys()].map((name) => {
    const text = escapeHtml(name);
    return `<p><button name="user" value="${text}">${text}</button></p>`;
  });
  return page('Sign in', `<form method="post">${fields.join('')}${buttons.join('')}</form>`);
}

/** Said to the person: a browser is never sent to a place that nobody vouches for. */
function problem(text: string): Answer {
  return page('Bad request', `<p>${escapeHtml(text)}</p>`, 400);
}
