import { check, is, SeamkitError } from '@seamkit/core';
import { modeOf } from './entry';
import { enforce, retire } from './interpose';
import { real } from './real-fs';
import { Rules } from './rules';
import { errnoOf } from './system-error';

const amount = check('a whole number from 0 up', is.count.accepts);

/** The faults of one sandbox, as its test asks for them. */
export class Faults {
  readonly #root: string;
  readonly #handlePrototype: object;
  #rules: Rules;
  /** What `deny` has changed: paths with their modes of before. */
  #modes: [path: string, mode: number][] = [];

  constructor(root: string, handlePrototype: object) {
    this.#root = root;
    this.#handlePrototype = handlePrototype;
    this.#rules = new Rules(root);
  }

  readOnly(path: string): void {
    this.#add((rules) => rules.readOnly.push(path));
  }

  deny(path: string, access: 'all' | 'write'): void {
    if (access !== 'all' && access !== 'write') {
      throw invalid(`deny() takes no '${access}'`, "pass 'all' or 'write'");
    }
    const stat = real.statSync(path, { bigint: true, throwIfNoEntry: false });
    if (!stat) throw invalid(`there is nothing at ${path}`, 'write it first, then deny it');
    this.#modes.unshift([path, modeOf(stat)]);
    real.chmodSync(path, access === 'all' ? 0 : modeOf(stat) & 0o7555);
    const heedsModes = process.geteuid !== undefined && process.geteuid() !== 0;
    if (!heedsModes) this.#add((rules) => rules.denied.push({ path, access }));
  }

  full(free: number): void {
    checkAmount('full', free);
    this.#add((rules) => {
      rules.free = free;
    });
  }

  tooManyOpen(most: number): void {
    checkAmount('tooManyOpen', most);
    this.#add((rules) => {
      rules.mostOpen = most;
    });
  }

  slow(ms: number): void {
    if (!is.milliseconds.accepts(ms) || ms === Number.POSITIVE_INFINITY) {
      throw invalid(`slow() takes no ${ms}`, 'pass a number of ms above 0');
    }
    this.#add((rules) => {
      rules.delay = ms;
    });
  }

  fail(code: string, path: string): void {
    if (errnoOf(code) === undefined) {
      throw invalid(`'${code}' is no code of a system error`, "pass one such as 'EIO' or 'EBUSY'");
    }
    this.#add((rules) => rules.failing.push({ path, code }));
  }

  /** All faults end, modes included. Returns whether there were any. */
  clear(): boolean {
    const any = !this.#rules.none || this.#modes.length > 0;
    retire(this.#rules);
    this.#rules = new Rules(this.#root);
    for (const [path, mode] of this.#modes.splice(0)) {
      if (real.existsSync(path)) real.chmodSync(path, mode);
    }
    return any;
  }

  #add(change: (rules: Rules) => void): void {
    change(this.#rules);
    enforce(this.#rules, this.#handlePrototype);
  }
}

function checkAmount(name: string, value: number): void {
  if (!amount.accepts(value))
    throw invalid(`${name}() takes no ${value}`, `pass ${amount.expected}`);
}

function invalid(summary: string, hint: string): SeamkitError {
  return new SeamkitError('OPTION_INVALID', summary, { hint });
}
