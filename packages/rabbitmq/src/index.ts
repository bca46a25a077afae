export { rabbitmq } from './kit';
export type { Patience, RabbitmqConnection, RabbitmqMembers } from './members';
export type { RabbitmqOptions } from './options';
export type { Received } from './received';
export type { Binding, Exchange, Policy, Queue, Topology } from './topology';
