import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { Config } from './config';

/**
 * The contract of the routes that are registered from here on, made from their schemas: at
 * `/openapi.json`, and from `app.swagger()`.
 */
export async function describeApi(app: FastifyInstance, { auth }: Config): Promise<void> {
  const securitySchemes = auth && {
    oidc: {
      type: 'openIdConnect' as const,
      openIdConnectUrl: `${auth.issuer}/.well-known/openid-configuration`,
    },
  };
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Orders', version: '1' },
      ...(securitySchemes && { components: { securitySchemes }, security: [{ oidc: [] }] }),
    },
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}
