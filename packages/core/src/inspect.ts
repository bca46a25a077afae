/**
 * `@seamkit/core/inspect`: a look into the machine room, for suites and tools that watch over
 * servers rather than use them.
 */
export { driverOn } from './driver-on';
export { belongings, leftovers } from './keeper/belongings';
export { findWorkspace } from './project/workspace';
export type { ServerStatus, Status } from './protocol/messages';
export { type Entry, killGroup } from './system/ledger';
export { keeperStatus } from './test-process/keeper-session';
export { type OpenServer, openServer } from './test-process/open-server';
