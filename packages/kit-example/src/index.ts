export { example } from './kit';
export type { ExampleMembers } from './members';
export type { ExampleOptions } from './options';
