export { compose, type Stack } from './kit';
export type { ServiceMembers, StackMembers } from './members';
export type { ComposeOptions } from './options';
