import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { Pool } from 'pg';
import { Refusal } from '../errors';
import { readOrder } from '../orders/store';
import { answers, ById } from '../schema';
import type { ReceiptStorage } from './storage';

const Link = Type.Object({ url: Type.String(), seconds: Type.Integer() });

export const receiptRoutes =
  (db: Pool, storage: ReceiptStorage): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/orders/:id/receipt',
      { schema: { params: ById, response: answers({ 200: Link }) } },
      async ({ params }) => {
        const order = await readOrder(db, params.id);
        const link = await storage.link(order.id);
        if (!link) throw new Refusal(404, `order ${order.id} has no receipt yet`);
        return link;
      },
    );
  };
