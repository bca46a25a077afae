import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Pool } from 'pg';
import type { Relay } from '../events/relay';
import type { ProductCache } from '../products/cache';
import { answers, ById, Gone, PageOf, page } from '../schema';
import { placeOrder } from './place-order';
import { NewOrder, Order, OrderChanges, OrderHeaders, OrderPage } from './schema';
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
      { schema: { body: NewOrder, headers: OrderHeaders, response: answers({ 201: Order }) } },
      async ({ body, headers }, reply) => {
        const order = await tell(await placeOrder(db, body, headers['idempotency-key']));
        return reply.code(201).header('location', `/orders/${order.id}`).send(order);
      },
    );

    app.get(
      '/orders',
      { schema: { querystring: OrderPage, response: answers({ 200: PageOf(Order) }) } },
      async ({ query }) => page(await listOrders(db, query), query),
    );

    app.get(
      '/orders/:id',
      { schema: { params: ById, response: answers({ 200: Order }) } },
      ({ params }) => readOrder(db, params.id),
    );

    app.patch(
      '/orders/:id',
      { schema: { params: ById, body: OrderChanges, response: answers({ 200: Order }) } },
      async ({ params, body }) => tell(await settleOrder(db, params.id, body.status)),
    );

    app.delete(
      '/orders/:id',
      { schema: { params: ById, response: Gone } },
      async ({ params }, reply) => {
        await deleteOrder(db, params.id);
        return reply.code(204).send(null);
      },
    );
  };
