import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Pool } from 'pg';
import { Refusal } from '../errors';
import { readOrder } from '../orders/store';
import { ById } from '../schema';
import type { ReceiptStorage } from './storage';

export const receiptRoutes =
  (db: Pool, storage: ReceiptStorage): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get('/orders/:id/receipt', { schema: { params: ById } }, async ({ params }) => {
      const order = await readOrder(db, params.id);
      const link = await storage.link(order.id);
      if (!link) throw new Refusal(404, `order ${order.id} has no receipt yet`);
      return link;
    });
  };
