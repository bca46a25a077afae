import Fastify, { type FastifyInstance } from 'fastify';
import type { Config } from './config';
import { connectDatabase } from './database';
import { answerErrors } from './errors';
import { noRelay, startRelay } from './events/relay';
import { orderRoutes } from './orders/routes';
import { connectPayments } from './payments/provider';
import { paymentRoutes } from './payments/routes';
import { connectProductCache, noCache } from './products/cache';
import { productRoutes } from './products/routes';
import { receiptRoutes } from './receipts/routes';
import { connectStorage } from './receipts/storage';
import { userRoutes } from './users/routes';
import { validateRequests } from './validation';

/** The whole API, wired; it neither listens nor reads the environment. `close()` ends it. */
export async function buildApp(config: Config): Promise<FastifyInstance> {
  const app = Fastify({ logger: { level: config.logLevel } });
  // Each part is closed after those that need it: hooks run from last to first.
  const closing = <P extends { close(): unknown }>(part: P): P => {
    app.addHook('onClose', async () => void (await part.close()));
    return part;
  };

  const db = connectDatabase(config.databaseUrl, app.log);
  app.addHook('onClose', () => db.end());
  const cache = config.cache ? closing(await connectProductCache(config.cache, app.log)) : noCache;
  const relay = config.broker ? closing(await startRelay(config.broker.url, db, app.log)) : noRelay;

  validateRequests(app);
  answerErrors(app);
  await app.register(userRoutes(db));
  await app.register(productRoutes(db, cache));
  await app.register(orderRoutes(db, cache, relay));
  if (config.payments) {
    await app.register(paymentRoutes(db, connectPayments(config.payments), relay));
  }
  if (config.storage) await app.register(receiptRoutes(db, connectStorage(config.storage)));
  return app;
}
