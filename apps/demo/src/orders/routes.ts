import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Pool } from 'pg';
import { ById, page } from '../schema';
import { placeOrder } from './place-order';
import { NewOrder, OrderChanges, OrderPage } from './schema';
import { deleteOrder, settleOrder } from './settle-order';
import { listOrders, readOrder } from './store';

export const orderRoutes =
  (db: Pool): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post('/orders', { schema: { body: NewOrder } }, async ({ body }, reply) => {
      const order = await placeOrder(db, body);
      return reply.code(201).header('location', `/orders/${order.id}`).send(order);
    });

    app.get('/orders', { schema: { querystring: OrderPage } }, async ({ query }) =>
      page(await listOrders(db, query), query),
    );

    app.get('/orders/:id', { schema: { params: ById } }, ({ params }) => readOrder(db, params.id));

    app.patch('/orders/:id', { schema: { params: ById, body: OrderChanges } }, ({ params, body }) =>
      settleOrder(db, params.id, body.status),
    );

    app.delete('/orders/:id', { schema: { params: ById } }, async ({ params }, reply) => {
      await deleteOrder(db, params.id);
      return reply.code(204).send();
    });
  };
