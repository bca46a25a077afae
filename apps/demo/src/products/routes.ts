import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Pool } from 'pg';
import { ById, Page, page } from '../schema';
import { NewProduct, ProductChanges } from './schema';
import { createProduct, deleteProduct, listProducts, readProduct, updateProduct } from './store';

export const productRoutes =
  (db: Pool): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post('/products', { schema: { body: NewProduct } }, async ({ body }, reply) => {
      const product = await createProduct(db, body);
      return reply.code(201).header('location', `/products/${product.id}`).send(product);
    });

    app.get('/products', { schema: { querystring: Page } }, async ({ query }) =>
      page(await listProducts(db, query), query),
    );

    app.get('/products/:id', { schema: { params: ById } }, ({ params }) =>
      readProduct(db, params.id),
    );

    app.patch(
      '/products/:id',
      { schema: { params: ById, body: ProductChanges } },
      ({ params, body }) => updateProduct(db, params.id, body),
    );

    app.delete('/products/:id', { schema: { params: ById } }, async ({ params }, reply) => {
      await deleteProduct(db, params.id);
      return reply.code(204).send();
    });
  };
