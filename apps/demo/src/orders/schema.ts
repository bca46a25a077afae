import { type Static, Type } from '@sinclair/typebox';
import { Id, Line, Page } from '../schema';

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

export interface Order {
  id: number;
  userId: number;
  status: 'placed' | 'paid' | 'cancelled';
  totalCents: number;
  createdAt: Date;
  items: (OrderItem & { unitPriceCents: number })[];
}
