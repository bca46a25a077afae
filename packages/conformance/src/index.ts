export { type Capability, capabilities } from './capability';
export type { ConformanceCase } from './cases';
export { type ConformanceTest, conformance, type Suite } from './conformance';
export type { Harness } from './harness';
export type { Result } from './result';
