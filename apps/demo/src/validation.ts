import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import type { FastifyInstance } from 'fastify';

/**
 * A JSON body must have the types it should have: `"2"` is no quantity. What stands in a url is
 * text, so there it becomes the number that the schema asks for.
 */
export function validateRequests(app: FastifyInstance): void {
  const strict = addFormats(new Ajv());
  const coercing = addFormats(new Ajv({ coerceTypes: true, useDefaults: true }));
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? strict : coercing).compile(schema),
  );
}
