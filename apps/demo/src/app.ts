import Fastify, { type FastifyInstance } from 'fastify';
import { requireToken } from './auth/require-token';
import { readTokensOf } from './auth/tokens';
import type { Config } from './config';
import { connectDatabase } from './database';
import { answerErrors } from './errors';
import { noRelay, startRelay } from './events/relay';
import { exportRoutes } from './exports/routes';
import { describeApi } from './openapi';
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
  await describeApi(app, config);
  await app.register(async (api) => {
    if (config.auth) requireToken(api, readTokensOf(config.auth));
    await api.register(userRoutes(db));
    await api.register(productRoutes(db, cache));
    await api.register(orderRoutes(db, cache, relay));
    if (config.payments) {
      await api.register(paymentRoutes(db, connectPayments(config.payments), relay));
    }
    if (config.exportFolder) await api.register(exportRoutes(db, config.exportFolder));
    if (config.storage) await api.register(receiptRoutes(db, connectStorage(config.storage)));
  });
  return app;
}
