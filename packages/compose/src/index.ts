export { type ComposeOptions, compose, type Stack } from './kit';
export type { ServiceMembers, StackMembers } from './members';
