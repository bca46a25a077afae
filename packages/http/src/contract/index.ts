export { type BreakingChange, compareContracts } from './compare';
export { Contract, loadContract } from './contract';
export type { Violation } from './violation';
