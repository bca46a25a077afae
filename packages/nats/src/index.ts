export type { NatsAccess } from './connection';
export { nats } from './kit';
export type { NatsMembers } from './members';
export type { NatsOptions } from './options';
