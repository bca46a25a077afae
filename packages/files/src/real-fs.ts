import { AsyncLocalStorage } from 'node:async_hooks';
import * as fs from 'node:fs';

/**
 * Holds inside of calls that meet no fault, or have met it: functions of `node:fs` call each other
 * by their public names.
 */
const inside = new AsyncLocalStorage<true>();

let faultsAreOn = false;

/** Says whether functions of `node:fs` are replaced at this moment. */
export function setFaultsOn(on: boolean): void {
  faultsAreOn = on;
}

/** Runs `work`; what it calls, then or later, meets no fault. */
export function withoutFaults<R>(work: () => R): R {
  return faultsAreOn ? inside.run(true, work) : work();
}

/** Ends `withoutFaults` for a callback, which is the test's own code. */
export function withFaults<R>(work: () => R): R {
  return faultsAreOn ? inside.exit(work) : work();
}

export function meetsNoFaults(): boolean {
  return inside.getStore() === true;
}

/** The file system as it was when this module was loaded: the kit's own work meets no fault. */
export const real = Object.fromEntries(
  Object.entries(fs).map(([name, value]) => [
    name,
    name.endsWith('Sync')
      ? (...args: any[]) => withoutFaults(() => (value as any)(...args))
      : value,
  ]),
) as typeof fs;
