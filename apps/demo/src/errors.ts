import type { FastifyError, FastifyInstance } from 'fastify';

/** What keeps us from doing what was asked, in words for the client; `field` is the one at fault. */
export class Refusal extends Error {
  constructor(
    readonly statusCode: 400 | 401 | 402 | 403 | 404 | 409 | 503 | 504,
    message: string,
    readonly field?: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }
}

export function notFound(what: string, id: number): Refusal {
  return new Refusal(404, `there is no ${what} ${id}`);
}

/** Runs `query`; where it breaks the named constraint of the database, throws `refusal` instead. */
export async function refuse<R>(
  constraint: string,
  refusal: Refusal,
  query: Promise<R>,
): Promise<R> {
  try {
    return await query;
  } catch (error) {
    throw (error as { constraint?: string }).constraint === constraint ? refusal : error;
  }
}

/** Every error leaves as `{ error, field? }`; nothing of ours leaves with one that nobody thought of. */
export function answerErrors(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `there is no ${request.method} ${request.url}` }),
  );
  app.setErrorHandler<FastifyError | Refusal>((error, request, reply) => {
    const status = error.statusCode ?? 500;
    if (error instanceof Refusal) {
      const { message, field, headers } = error;
      return reply.code(status).headers(headers).send({ error: message, field });
    }
    if (status >= 500) {
      request.log.error(error);
      return reply.code(status).send({ error: 'something went wrong' });
    }
    return reply.code(status).send({ error: error.message, field: offendingField(error) });
  });
}

/** `items.0.quantity`, from what Ajv says is wrong. */
function offendingField({ validation }: FastifyError): string | undefined {
  const [first] = validation ?? [];
  if (!first) return undefined;
  const path = first.instancePath.split('/').slice(1);
  const extra = first.params.missingProperty ?? first.params.additionalProperty;
  return [...path, ...(extra ? [extra] : [])].join('.') || undefined;
}
