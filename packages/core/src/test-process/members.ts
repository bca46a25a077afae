/** What every boundary's members have beside the kit's own. */
export interface Verbs {
  /** Back to the baseline, now. A test seldom needs it: it happens before each. */
  reset(): Promise<void>;
  /**
   * What is there now is the baseline that resets of this file return to. It happens by itself
   * before the file's first test. Clients stay connected.
   * @throws SeamkitError `UNSUPPORTED` where the kit has no such thing
   */
  setBaseline(): Promise<void>;
}

/** Names of the calls of members that have not come to their end. */
export class RunningCalls {
  private readonly names = new Map<Promise<unknown>, string>();

  /** Keeps the name of a call until its promise settles. */
  watch(name: string, result: unknown): unknown {
    if (!(result instanceof Promise)) return result;
    this.names.set(result, name);
    // Whoever called has this one: what nobody handles stays unhandled.
    return result.finally(() => this.names.delete(result));
  }

  /** Those of now, each once; none of them is named again. */
  take(): string[] {
    const names = [...new Set(this.names.values())];
    this.names.clear();
    return names;
  }
}

const complete = new WeakSet<object>();

/** The members that a kit made, with the verbs; calls of its functions are watched. */
export function completed(members: object, verbs: Verbs, calls: RunningCalls): object {
  if (complete.has(members)) return members;
  complete.add(members);
  for (const [name, { value, writable }] of Object.entries(
    Object.getOwnPropertyDescriptors(members),
  )) {
    if (typeof value !== 'function' || !writable) continue;
    const watched = function (this: unknown, ...args: unknown[]) {
      return calls.watch(name, value.apply(this, args));
    };
    (members as Record<string, unknown>)[name] = Object.assign(watched, value);
  }
  return Object.defineProperties(members, {
    reset: { value: verbs.reset },
    setBaseline: { value: verbs.setBaseline },
  });
}
