import { type Answer, escapeHtml, page, type Question, redirect } from '../answer';
import { readSigned } from '../jws';
import { mayRedirect, type State } from '../state';
import { endedCookie, readSession } from './issuer-session';

/** OpenID Connect RP-Initiated Logout. */
export function logout({ params, headers }: Question, state: State): Answer {
  const hint = readSigned(params.get('id_token_hint') ?? '', state.keys);
  const clientId = params.get('client_id') ?? [hint?.aud].flat()[0];
  const target = params.get('post_logout_redirect_uri');
  const client = state.clients.get(String(clientId));
  if (target !== null && (!client || !mayRedirect(target, client.postLogoutRedirectUris))) {
    return page('Bad request', `<p>no logout may end at '${escapeHtml(target)}'</p>`, 400);
  }
  for (const sid of [readSession(headers, state), hint?.sid]) {
    if (typeof sid === 'string') state.endSession(sid);
  }
  const cookie = { 'set-cookie': endedCookie };
  if (target !== null) return redirect(target, { state: params.get('state') }, cookie);
  const answer = page('Signed out', '<p>You are signed out.</p>');
  return { ...answer, headers: { ...answer.headers, ...cookie } };
}
