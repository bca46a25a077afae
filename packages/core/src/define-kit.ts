import type { Boundary, CommonOptions, Json, LocalKit, ServerKit, ServerOptions } from './contract';
import { SeamkitError } from './errors';

/**
 * Makes a kit's factory. Options are checked when the factory is called, before anything starts.
 * @throws SeamkitError (from the factory) `OPTION_INVALID`
 */
export function defineKit<
  Options extends ServerOptions,
  Members extends object,
  T extends Json,
  S extends Json,
>(kit: ServerKit<Options, Members, T, S>): (options?: Options) => Boundary<Members>;
export function defineKit<Options extends CommonOptions, Members extends object>(
  kit: LocalKit<Options, Members>,
): (options?: Options) => Boundary<Members>;
export function defineKit(kit: ServerKit<any, any, any, any> | LocalKit<any, any>) {
  const { kind, name } = kit as { kind?: unknown; name?: string };
  if (kind !== 'server' && kind !== 'local') {
    throw new SeamkitError('OPTION_INVALID', `the kit ${name} says no kind`, {
      hint: "write kind: 'server' where it has a server module, else kind: 'local'",
    });
  }
  return (options: CommonOptions = {}): Boundary<any> => {
    if (kit.kind === 'server') return { kit, options, plan: kit.plan(options) };
    kit.check?.(options);
    return { kit, options, plan: {} };
  };
}
