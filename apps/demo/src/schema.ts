import { type Static, type TSchema, Type } from '@sinclair/typebox';

/** One line of text that begins with something visible; PostgreSQL cannot store a NUL. */
export const Line = (maxLength: number) => Type.String({ maxLength, pattern: '^(?!\\s)\\P{Cc}+$' });

/** An `integer` key of the database. */
export const Id = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 });

/** A moment, as the database gives it and JSON writes it. */
export const Time = Type.Unsafe<Date>({ type: 'string', format: 'date-time' });

export const ById = Type.Object({ id: Id });

/** Lists are read in order of id, from after the last one seen: pages stay right while rows come. */
export const Page = Type.Object({
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
  after: Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, default: 0 }),
});
export type Page = Static<typeof Page>;

/** Schemas of what a route answers: nothing but this leaves, and all of it is promised. */
export const answers = <S extends Record<number, TSchema>>(schemas: S) => ({
  ...schemas,
  '4xx': Type.Object({ error: Type.String(), field: Type.Optional(Type.String()) }),
});

export const Gone = answers({ 204: Type.Null() });

export const PageOf = <Item extends TSchema>(item: Item) =>
  Type.Object({ items: Type.Array(item), next: Type.Union([Id, Type.Null()]) });

/** Ask for one row more than the page holds, and give `next` only if it came. */
export function page<Row extends { id: number }>(rows: Row[], { limit }: Page) {
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? items.at(-1)!.id : null };
}
