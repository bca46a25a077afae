export { Contract, loadContract } from './contract';
export type { Violation } from './violation';
