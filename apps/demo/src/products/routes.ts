import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Pool } from 'pg';
import { answers, ById, Gone, Page, PageOf, page } from '../schema';
import type { ProductCache } from './cache';
import { NewProduct, Product, ProductChanges } from './schema';
import { createProduct, deleteProduct, listProducts, readProduct, updateProduct } from './store';

export const productRoutes =
  (db: Pool, cache: ProductCache): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/products',
      { schema: { body: NewProduct, response: answers({ 201: Product }) } },
      async ({ body }, reply) => {
        const product = await createProduct(db, body);
        return reply.code(201).header('location', `/products/${product.id}`).send(product);
      },
    );

    app.get(
      '/products',
      { schema: { querystring: Page, response: answers({ 200: PageOf(Product) }) } },
      async ({ query }) => page(await listProducts(db, query), query),
    );

    app.get(
      '/products/:id',
      { schema: { params: ById, response: answers({ 200: Product }) } },
      ({ params }) => cache.read(params.id, () => readProduct(db, params.id)),
    );

    app.patch(
      '/products/:id',
      { schema: { params: ById, body: ProductChanges, response: answers({ 200: Product }) } },
      async ({ params, body }) => {
        const product = await updateProduct(db, params.id, body);
        await cache.forget(product.id);
        return product;
      },
    );

    app.delete(
      '/products/:id',
      { schema: { params: ById, response: Gone } },
      async ({ params }, reply) => {
        await deleteProduct(db, params.id);
        await cache.forget(params.id);
        return reply.code(204).send(null);
      },
    );
  };
