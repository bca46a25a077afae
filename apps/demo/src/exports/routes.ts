import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { Pool } from 'pg';
import { answers } from '../schema';
import { nameOf, readExport, writeExport } from './write-export';

/** What is a date leads to no other folder; and PostgreSQL knows no year 0. */
const OfDay = Type.Object({ day: Type.String({ format: 'date', pattern: '^2' }) });
const Export = Type.Object({ file: Type.String(), orders: Type.Integer({ minimum: 0 }) });

export const exportRoutes =
  (db: Pool, folder: string): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.put(
      '/exports/:day',
      { schema: { params: OfDay, response: answers({ 200: Export }) } },
      async ({ params: { day } }) => ({
        file: nameOf(day),
        orders: await writeExport(db, folder, day),
      }),
    );

    app.get('/exports/:day', { schema: { params: OfDay } }, async ({ params: { day } }, reply) =>
      reply.type('text/csv; charset=utf-8').send(await readExport(folder, day)),
    );
  };
