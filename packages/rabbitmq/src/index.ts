export { type RabbitOptions, rabbitmq } from './kit';
export type { Patience, RabbitConnection, RabbitMembers } from './members';
export type { Received } from './received';
export type { Binding, Exchange, Policy, Queue, Topology } from './topology';
