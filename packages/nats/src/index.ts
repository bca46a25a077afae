export { type NatsAccess, type NatsMembers, type NatsOptions, nats } from './kit';
