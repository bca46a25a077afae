import { type Answer, json, type Question } from '../answer';
import { readSigned } from '../jws';
import type { Mint } from '../mint';
import type { State } from '../state';

/** What the bearer of an access token may know about its user. */
export function userinfo({ headers, params }: Question, state: State, { issuer }: Mint): Answer {
  const [, bearer] = /^Bearer (.+)$/i.exec(String(headers.authorization ?? '')) ?? [];
  const token = bearer ?? params.get('access_token');
  if (token === null) return challenge('Bearer realm="issuer"');
  const claims = readSigned(token, state.keys);
  const now = Date.now() / 1000;
  if (claims?.iss !== issuer || !(Number(claims.exp) > now)) {
    return challenge(
      'Bearer error="invalid_token", error_description="not valid here or any more"',
    );
  }
  const { sub } = claims;
  const [name, user] =
    [...state.users].find(([name, user]) => (user.claims?.sub ?? name) === sub) ?? [];
  if (!user) {
    return challenge(`Bearer error="invalid_token", error_description="no such user"`);
  }
  return json({ sub: name, ...user.claims });
}

function challenge(text: string): Answer {
  return json({ error: 'invalid_token' }, 401, { 'www-authenticate': text });
}
