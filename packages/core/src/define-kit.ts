import { callersFolder } from './callers-folder';
import type { Boundary, CommonOptions, Json, LocalKit, ServerKit, ServerOptions } from './contract';
import { SeamkitError } from './errors';
import { checkOptions } from './options';

/**
 * Makes a kit's factory. Options are checked when the factory is called, before anything starts.
 * @throws SeamkitError (from the factory) `OPTION_INVALID`, `URL_INVALID` (the protocol is not the
 * kit's), `VERSION_UNAVAILABLE` (older than the kit starts), `RUNTIME_UNAVAILABLE` (a url, where the
 * kit takes none), and what the kit's `plan` or `check` throws
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
  const server = kind === 'server';
  return function factory(options: CommonOptions = {}): Boundary<any> {
    checkOptions(kit.name, options, kit.options, { server });
    const folder = callersFolder(factory);
    if (kit.kind === 'server') {
      checkServerOptions(kit, options);
      return { kit, options, folder, plan: kit.plan(options, folder) };
    }
    kit.check?.(options, folder);
    return { kit, options, folder, plan: {} };
  };
}

function checkServerOptions(
  kit: ServerKit<any, any, any, any>,
  { url, version }: ServerOptions,
): void {
  const { name, supports, oldest } = kit;
  if (url !== undefined && !supports.runtimes.includes('external')) {
    throw new SeamkitError('RUNTIME_UNAVAILABLE', `${name}() takes no url of a running server`, {
      hint: `leave out the option url; the kit starts a server itself (${supports.runtimes.join(' or ')})`,
    });
  }
  if (url !== undefined) checkProtocol(kit, url);
  if (oldest && version && isOlder(version, oldest)) {
    throw new SeamkitError('VERSION_UNAVAILABLE', `${name}() does not start version ${version}`, {
      hint: `ask for ${oldest} or newer`,
    });
  }
}

/** @throws SeamkitError `URL_INVALID` where a url is another system's */
export function checkProtocol({ name, url: shape }: ServerKit<any, any>, url: string): void {
  if (!shape || (URL.canParse(url) && shape.protocols.includes(new URL(url).protocol))) return;
  throw new SeamkitError(
    'URL_INVALID',
    `${name}: the url does not begin with ${shape.protocols.join(' or ')}`,
    {
      hint: `write it like ${shape.like}`,
    },
  );
}

/** '3' may be any 3.x, so it is not older than '3.10'. */
function isOlder(version: string, oldest: string): boolean {
  const digits = version.split('.').length;
  const limit = oldest.split('.').slice(0, digits).join('.');
  return limit.localeCompare(version, 'en', { numeric: true }) > 0;
}
