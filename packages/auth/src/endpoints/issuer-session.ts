import type { Question } from '../answer';
import type { State } from '../state';

const name = 'issuer_session';

/** Browsers share the cookies of 127.0.0.1 between its ports: this path keeps ours from the service. */
export const sessionPath = '/connect';

export function sessionCookie(sid: string): string {
  return `${name}=${sid}; Path=${sessionPath}; HttpOnly; SameSite=Lax`;
}

export const endedCookie = `${name}=; Path=${sessionPath}; Max-Age=0`;

/** The id of the browser's living session. */
export function readSession(headers: Question['headers'], state: State): string | undefined {
  const sid = new RegExp(`(?:^|;\\s*)${name}=([^;]*)`).exec(String(headers.cookie ?? ''))?.[1];
  return sid !== undefined && state.sessions.has(sid) ? sid : undefined;
}
