import { type Static, Type } from '@sinclair/typebox';
import { Id, Line, Time } from '../schema';

export const NewUser = Type.Object(
  { email: Type.String({ format: 'email', maxLength: 254 }), name: Line(100) },
  { additionalProperties: false },
);
export type NewUser = Static<typeof NewUser>;

export const UserChanges = Type.Partial(NewUser, { minProperties: 1 });
export type UserChanges = Static<typeof UserChanges>;

export const User = Type.Object({ id: Id, ...NewUser.properties, createdAt: Time });
export type User = Static<typeof User>;
