export { type BreakingChange, compareContracts } from './compare';
export { Contract, loadContract } from './contract';
export type { Pact, PactInteraction, PactState } from './pact-file';
export { type PactMismatch, type VerifyOptions, verifyPact } from './verify-pact';
export type { Violation } from './violation';
export { type WritePactOptions, writePact } from './write-pact';
