import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { Pool } from 'pg';
import type { Relay } from '../events/relay';
import { Order } from '../orders/schema';
import { answers, ById, Line } from '../schema';
import { payOrder } from './pay-order';
import type { PaymentProvider } from './provider';

const Payment = Type.Object({ card: Line(100) }, { additionalProperties: false });

export const paymentRoutes =
  (db: Pool, provider: PaymentProvider, relay: Relay): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/orders/:id/payment',
      { schema: { params: ById, body: Payment, response: answers({ 200: Order }) } },
      async ({ params, body, log }) => {
        const order = await payOrder(db, provider, params.id, body.card, log);
        relay.wake();
        return order;
      },
    );
  };
