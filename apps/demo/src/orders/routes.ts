import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Pool } from 'pg';
import type { Relay } from '../events/relay';
import type { ProductCache } from '../products/cache';
import { ById, page } from '../schema';
import { placeOrder } from './place-order';
import { NewOrder, type Order, OrderChanges, OrderHeaders, OrderPage } from './schema';
import { deleteOrder, settleOrder } from './settle-order';
import { listOrders, readOrder } from './store';

export const orderRoutes =
  (db: Pool, cache: ProductCache, relay: Relay): FastifyPluginAsyncTypebox =>
  async (app) => {
    /** The rest of the world learns what the database has committed. */
    const tell = async (order: Order): Promise<Order> => {
      relay.wake();
      await cache.forget(...order.items.map((item) => item.productId));
      return order;
    };

    app.post(
      '/orders',
      { schema: { body: NewOrder, headers: OrderHeaders } },
      async ({ body, headers }, reply) => {
        const order = await tell(await placeOrder(db, body, headers['idempotency-key']));
        return reply.code(201).header('location', `/orders/${order.id}`).send(order);
      },
    );

    app.get('/orders', { schema: { querystring: OrderPage } }, async ({ query }) =>
      page(await listOrders(db, query), query),
    );

    app.get('/orders/:id', { schema: { params: ById } }, ({ params }) => readOrder(db, params.id));

    app.patch(
      '/orders/:id',
      { schema: { params: ById, body: OrderChanges } },
      async ({ params, body }) => tell(await settleOrder(db, params.id, body.status)),
    );

    app.delete('/orders/:id', { schema: { params: ById } }, async ({ params }, reply) => {
      await deleteOrder(db, params.id);
      return reply.code(204).send();
    });
  };
