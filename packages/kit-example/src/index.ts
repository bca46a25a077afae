export { type ExampleMembers, type ExampleOptions, example } from './kit';
