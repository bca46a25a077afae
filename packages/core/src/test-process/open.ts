import type { Config } from './config';
import { type Boundaries, type Environment, OpenBoundaries } from './environment';

/** What `open` gives: the boundaries, and how to end. */
export type OpenEnvironment<B extends Boundaries> = Environment<B> &
  AsyncDisposable & {
    /** Everything back to the baseline. */
    reset(): Promise<void>;
    /** What is there now is the baseline from now on. @throws SeamkitError `UNSUPPORTED` */
    setBaseline(): Promise<void>;
    /** Back to the baseline, and given back. Idempotent. */
    close(): Promise<void>;
  };

/**
 * The same as `use`, without a runner: for scripts, REPLs and runners with hooks of another kind.
 *
 * ```ts
 * await using env = await open({ db: postgres() });
 * ```
 *
 * @throws SeamkitError `OPTION_INVALID`, or whatever kept a boundary from starting; nothing is open then
 */
export async function open<B extends Boundaries>(
  boundaries: B | Config<B>,
): Promise<OpenEnvironment<B>> {
  const environment = new OpenBoundaries(boundaries);
  await environment.open();
  const close = () => environment.close();
  return Object.defineProperties(environment.members, {
    reset: { value: () => environment.reset() },
    setBaseline: { value: () => environment.setBaseline() },
    close: { value: close },
    [Symbol.asyncDispose]: { value: close },
  }) as OpenEnvironment<B>;
}
