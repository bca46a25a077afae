import { type Static, Type } from '@sinclair/typebox';
import { Line } from '../schema';

export const NewUser = Type.Object(
  { email: Type.String({ format: 'email', maxLength: 254 }), name: Line(100) },
  { additionalProperties: false },
);
export type NewUser = Static<typeof NewUser>;

export const UserChanges = Type.Partial(NewUser, { minProperties: 1 });
export type UserChanges = Static<typeof UserChanges>;

export interface User extends NewUser {
  id: number;
  createdAt: Date;
}
