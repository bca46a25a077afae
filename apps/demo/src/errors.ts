import type { FastifyError, FastifyInstance } from 'fastify';

/** What a client did wrong: the status, and the field at fault where there is one. */
export class Refusal extends Error {
  constructor(
    readonly statusCode: 400 | 404 | 409,
    message: string,
    readonly field?: string,
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

/** Every error leaves as `{ error, field? }`; nothing of ours leaves with a 500. */
export function answerErrors(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `there is no ${request.method} ${request.url}` }),
  );
  app.setErrorHandler<FastifyError | Refusal>((error, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) {
      request.log.error(error);
      return reply.code(status).send({ error: 'something went wrong' });
    }
    const field = error instanceof Refusal ? error.field : offendingField(error);
    return reply.code(status).send({ error: error.message, field });
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
