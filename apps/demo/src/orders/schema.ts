import { type Static, Type } from '@sinclair/typebox';
import { Id, Line, Page, Time } from '../schema';

export const OrderItem = Type.Object(
  { productId: Id, quantity: Type.Integer({ minimum: 1, maximum: 100 }) },
  { additionalProperties: false },
);
export type OrderItem = Static<typeof OrderItem>;

export const NewOrder = Type.Object(
  { userId: Id, items: Type.Array(OrderItem, { minItems: 1, maxItems: 20 }) },
  { additionalProperties: false },
);
export type NewOrder = Static<typeof NewOrder>;

export const OrderHeaders = Type.Object({ 'idempotency-key': Type.Optional(Line(100)) });

export const OrderChanges = Type.Object(
  { status: Type.Union([Type.Literal('paid'), Type.Literal('cancelled')]) },
  { additionalProperties: false },
);

export const OrderPage = Type.Composite([Page, Type.Object({ userId: Type.Optional(Id) })]);
export type OrderPage = Static<typeof OrderPage>;

export const Order = Type.Object({
  id: Id,
  userId: Id,
  status: Type.Union([Type.Literal('placed'), Type.Literal('paid'), Type.Literal('cancelled')]),
  totalCents: Type.Integer({ minimum: 0 }),
  createdAt: Time,
  items: Type.Array(
    Type.Object({ ...OrderItem.properties, unitPriceCents: Type.Integer({ minimum: 0 }) }),
  ),
});
export type Order = Static<typeof Order>;
