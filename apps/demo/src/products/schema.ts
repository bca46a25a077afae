import { type Static, Type } from '@sinclair/typebox';
import { Id, Line, Time } from '../schema';

export const NewProduct = Type.Object(
  {
    name: Line(200),
    // The largest order (see orders/schema.ts) still fits an `integer` of the database.
    priceCents: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    stock: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  },
  { additionalProperties: false },
);
export type NewProduct = Static<typeof NewProduct>;

export const ProductChanges = Type.Partial(NewProduct, { minProperties: 1 });
export type ProductChanges = Static<typeof ProductChanges>;

export const Product = Type.Object({ id: Id, ...NewProduct.properties, createdAt: Time });
export type Product = Static<typeof Product>;
