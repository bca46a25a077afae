import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Pool } from 'pg';
import { answers, ById, Gone, Page, PageOf, page } from '../schema';
import { NewUser, User, UserChanges } from './schema';
import { createUser, deleteUser, listUsers, readUser, updateUser } from './store';

export const userRoutes =
  (db: Pool): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/users',
      { schema: { body: NewUser, response: answers({ 201: User }) } },
      async ({ body }, reply) => {
        const user = await createUser(db, body);
        return reply.code(201).header('location', `/users/${user.id}`).send(user);
      },
    );

    app.get(
      '/users',
      { schema: { querystring: Page, response: answers({ 200: PageOf(User) }) } },
      async ({ query }) => page(await listUsers(db, query), query),
    );

    app.get(
      '/users/:id',
      { schema: { params: ById, response: answers({ 200: User }) } },
      ({ params }) => readUser(db, params.id),
    );

    app.patch(
      '/users/:id',
      { schema: { params: ById, body: UserChanges, response: answers({ 200: User }) } },
      ({ params, body }) => updateUser(db, params.id, body),
    );

    app.delete(
      '/users/:id',
      { schema: { params: ById, response: Gone } },
      async ({ params }, reply) => {
        await deleteUser(db, params.id);
        return reply.code(204).send(null);
      },
    );
  };
