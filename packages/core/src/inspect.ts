/**
 * `@seamkit/core/inspect`: a look into the machine room, for suites and tools that watch over
 * servers rather than use them.
 */
export { belongings, leftovers } from './keeper/belongings';
export { type Entry, killGroup } from './keeper/ledger';
export type { ServerStatus, Status } from './keeper/protocol';
export { keeperStatus } from './test-process/keeper-session';
export { type OpenServer, openServer } from './test-process/open-server';
export { findWorkspace } from './workspace';
