export type * from './contract';
export { defineKit } from './define-kit';
export { type ErrorCode, errorCodes, SeamkitError } from './errors';
export { exchange } from './exchange';
export { fingerprint } from './fingerprint';
export { check, checkOptions, is, type OptionCheck } from './options';
