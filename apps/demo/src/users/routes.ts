import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Pool } from 'pg';
import { ById, Page, page } from '../schema';
import { NewUser, UserChanges } from './schema';
import { createUser, deleteUser, listUsers, readUser, updateUser } from './store';

export const userRoutes =
  (db: Pool): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post('/users', { schema: { body: NewUser } }, async ({ body }, reply) => {
      const user = await createUser(db, body);
      return reply.code(201).header('location', `/users/${user.id}`).send(user);
    });

    app.get('/users', { schema: { querystring: Page } }, async ({ query }) =>
      page(await listUsers(db, query), query),
    );

    app.get('/users/:id', { schema: { params: ById } }, ({ params }) => readUser(db, params.id));

    app.patch('/users/:id', { schema: { params: ById, body: UserChanges } }, ({ params, body }) =>
      updateUser(db, params.id, body),
    );

    app.delete('/users/:id', { schema: { params: ById } }, async ({ params }, reply) => {
      await deleteUser(db, params.id);
      return reply.code(204).send();
    });
  };
