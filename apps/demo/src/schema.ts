import { type Static, Type } from '@sinclair/typebox';

/** One line of text that begins with something visible; PostgreSQL cannot store a NUL. */
export const Line = (maxLength: number) => Type.String({ maxLength, pattern: '^(?!\\s)\\P{Cc}+$' });

/** An `integer` key of the database. */
export const Id = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 });

export const ById = Type.Object({ id: Id });

/** Lists are read in order of id, from after the last one seen: pages stay right while rows come. */
export const Page = Type.Object({
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
  after: Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, default: 0 }),
});
export type Page = Static<typeof Page>;

/** Ask for one row more than the page holds, and give `next` only if it came. */
export function page<Row extends { id: number }>(rows: Row[], { limit }: Page) {
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? items.at(-1)!.id : null };
}
