/**
 * `@seamkit/core/inspect`: a look into the machine room, for suites and tools that watch over
 * servers rather than use them.
 */
export { belongings, leftovers } from './keeper/belongings';
export { keeperStatus } from './keeper/client';
export type { Entry } from './keeper/ledger';
export type { ServerStatus, Status } from './keeper/protocol';
export { type OpenServer, openServer } from './open-server';
export { findWorkspace } from './workspace';
