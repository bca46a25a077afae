import Fastify, { type FastifyInstance } from 'fastify';
import type { Config } from './config';
import { connectDatabase } from './database';
import { answerErrors } from './errors';
import { orderRoutes } from './orders/routes';
import { productRoutes } from './products/routes';
import { userRoutes } from './users/routes';
import { validateRequests } from './validation';

/** The whole service, wired; it neither listens nor reads the environment. `close()` ends it. */
export async function buildApp(config: Config): Promise<FastifyInstance> {
  const app = Fastify({ logger: { level: config.logLevel } });
  const db = connectDatabase(config.databaseUrl, app.log);
  app.addHook('onClose', () => db.end());

  validateRequests(app);
  answerErrors(app);
  await app.register(userRoutes(db));
  await app.register(productRoutes(db));
  await app.register(orderRoutes(db));
  return app;
}
