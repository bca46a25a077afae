export { type Capability, capabilities } from './capability';
export { type ConformanceTest, conformance, type Suite } from './conformance';
export type { ConformanceCase } from './conformance-case';
export type { Harness } from './harness';
export type { Result } from './result';
