import type { FastifyInstance } from 'fastify';
import type { JWTPayload } from 'jose';
import { Refusal } from '../errors';
import type { ReadToken } from './tokens';

/** Who asks must show a token: with the scope `orders:read` to look, `orders:write` to do anything. */
export function requireToken(app: FastifyInstance, readToken: ReadToken): void {
  app.addHook('onRequest', async ({ method, headers, log }) => {
    const [, token] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    if (!token) throw challenge(401, 'this needs a token', 'Bearer');

    let claims: JWTPayload | undefined;
    try {
      claims = await readToken(token);
    } catch (error) {
      log.warn(error, 'the issuer of tokens is out of reach');
      throw new Refusal(503, 'tokens cannot be checked now; ask again');
    }
    if (!claims) throw challenge(401, 'this token is not good', 'Bearer error="invalid_token"');

    const scope = method === 'GET' || method === 'HEAD' ? 'orders:read' : 'orders:write';
    if (
      String(claims.scope ?? '')
        .split(' ')
        .includes(scope)
    )
      return;
    const lacking = `Bearer error="insufficient_scope", scope="${scope}"`;
    throw challenge(403, `this needs a token for ${scope}`, lacking);
  });
}

function challenge(status: 401 | 403, message: string, how: string): Refusal {
  return new Refusal(status, message, undefined, { 'www-authenticate': how });
}
