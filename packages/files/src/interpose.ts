// The module itself: `import *` would make a copy, and replace functions of that.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout } from 'node:timers';
import { descriptorCalls, handleCalls, pathCalls } from './fs-calls';
import { type Planned, planDescriptor, planPaths } from './plan-call';
import { meetsNoFaults, real, setFaultsOn, withFaults, withoutFaults } from './real-fs';
import type { Rules } from './rules';

type Anything = (...args: any[]) => any;
type Planner = (args: unknown[]) => Planned;

const active = new Set<Rules>();
let undo: (() => void)[] = [];

/**
 * From now until `retire`, calls of this process on the sandbox go by its rules: those of
 * `node:fs`, its promises, its streams and its file handles, however they were imported, but for
 * functions that a module has put into variables of its own before.
 */
export function enforce(rules: Rules, handlePrototype: object): void {
  active.add(rules);
  if (undo.length > 0) return;
  setFaultsOn(true);
  const rulesNow = () => [...active];
  for (const name of Object.keys(pathCalls)) {
    const plan: Planner = (args) => planPaths(rulesNow(), name, args);
    replaceStyles(name, plan);
  }
  for (const name of Object.keys(descriptorCalls)) {
    replaceStyles(name, (args) => planDescriptor(rulesNow(), name, args));
  }
  for (const [method, name] of Object.entries(handleCalls)) {
    replace(handlePrototype, method, (original) => {
      return function (this: { fd: number }, ...args: unknown[]) {
        if (meetsNoFaults()) return original.apply(this, args);
        const planned = planDescriptor(rulesNow(), name, [this.fd, ...args]);
        return later(planned, () => original.apply(this, planned.args.slice(1)));
      };
    });
  }
  syncBuiltinESMExports();
}

/** The rules hold no more. Where none are left, `node:fs` is as it was. */
export function retire(rules: Rules): void {
  active.delete(rules);
  if (active.size > 0 || undo.length === 0) return;
  for (const step of undo.reverse()) step();
  undo = [];
  setFaultsOn(false);
  syncBuiltinESMExports();
}

function replaceStyles(name: string, plan: Planner): void {
  replace(fs, `${name}Sync`, (original) => (...args) => {
    return meetsNoFaults() ? original(...args) : immediately(name, plan(args), original);
  });
  replace(fs, name, (original) => withCallback(plan, original));
  if (name in fs.promises) {
    replace(fs.promises, name, (original) => (...args) => {
      if (meetsNoFaults()) return original(...args);
      const planned = plan(args);
      return later(planned, () => original(...planned.args));
    });
  }
}

function immediately(name: string, planned: Planned, original: Anything): unknown {
  if (planned.delay > 0) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, planned.delay);
  }
  if (planned.error) {
    if (name === 'exists') return false;
    throw planned.error;
  }
  const result = withoutFaults(() => original(...planned.args));
  planned.done?.(result);
  if (planned.failsAfter) throw planned.failsAfter;
  return result;
}

function withCallback(plan: Planner, original: Anything): Anything {
  return (...given) => {
    const callback = given.at(-1);
    // Where there is none, the original says so.
    if (typeof callback !== 'function' || meetsNoFaults()) return original(...given);
    const planned = plan(given.slice(0, -1));
    const start = () => {
      if (planned.error) return callback(planned.error);
      const done = (error: unknown, ...results: unknown[]) => {
        if (!error) planned.done?.(results[0]);
        withFaults(() => callback(error ?? planned.failsAfter ?? null, ...results));
      };
      withoutFaults(() => original(...planned.args, done));
    };
    if (planned.delay > 0) setTimeout(start, planned.delay);
    else if (planned.error) process.nextTick(start);
    else start();
  };
}

async function later(planned: Planned, original: () => Promise<unknown>): Promise<unknown> {
  if (planned.delay > 0) await new Promise((resolve) => setTimeout(resolve, planned.delay));
  if (planned.error) throw planned.error;
  const result = await withoutFaults(original);
  planned.done?.(result);
  if (planned.failsAfter) throw planned.failsAfter;
  return result;
}

function replace(target: any, name: string, wrap: (original: Anything) => Anything): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, name);
  if (typeof descriptor?.value !== 'function') return;
  const original: Anything = descriptor.value;
  const wrapper = wrap(original);
  // `realpath.native`, and what tells `promisify` how to name the results.
  Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original));
  Object.defineProperty(target, name, { ...descriptor, value: wrapper });
  undo.push(() => Object.defineProperty(target, name, descriptor));
}

/** Node exports no `FileHandle`: one that is open leads to it. @param file any that exists */
export async function findHandlePrototype(file: string): Promise<object> {
  const handle = await real.promises.open(file, 'r');
  await handle.close();
  return Object.getPrototypeOf(handle);
}
