import type {
  Boundary,
  ContainerOptions,
  Endpoint,
  RuntimeName,
  ServerKit,
  ServerOptions,
} from '../contract';
import type { ServerIdentity } from '../keeper/protocol';
import { print } from '../print';
import { chooseRuntime, variablePrefix } from './choose-runtime';
import type { KeeperConnection } from './keeper-connection';
import type { KeeperSession } from './keeper-session';

const startTimeoutDefault = 60_000;

export type ServerBoundary = Boundary<object> & { kit: ServerKit<ServerOptions, object> };

export interface EnsuredServer {
  session: KeeperSession;
  /** The server's name in the keeper. */
  key: string;
  runtime: RuntimeName;
  endpoint: Endpoint;
}

/** Chooses the runtime and gets the server that the boundary's options ask for, started or running. */
export async function ensureServer(
  boundary: ServerBoundary,
  keeper: KeeperConnection,
  name: string,
): Promise<EnsuredServer> {
  const { kit, plan, adopted } = boundary;
  const options = boundary.options as ServerOptions;
  if (adopted) {
    const { session, key } = await ensureServer(adopted.from as ServerBoundary, keeper, name);
    print('info', `${name}: ${kit.name} as service ${adopted.service}`);
    return ensure(session, options, {
      kit: kit.name,
      runtime: 'external', // what a kit may take for granted: no more than of a server by its url
      module: kit.server,
      settings: plan.settings ?? {},
      service: { of: key, name: adopted.service },
    });
  }
  const { runtime, reason, url } = await chooseRuntime(kit, options);
  print('info', `${name}: ${kit.name} as ${runtime} (${reason})`);
  const session = await keeper.session();
  const image = options.image ?? process.env[`${variablePrefix(kit.name)}_IMAGE`];
  return ensure(session, options, {
    kit: kit.name,
    runtime,
    module: kit.server,
    version: options.version,
    image: runtime === 'container' ? image : undefined,
    container: runtime === 'container' ? containerOptions(options) : undefined,
    program: runtime === 'process' ? process.env[`${variablePrefix(kit.name)}_BIN`] : undefined,
    settings: plan.settings ?? {},
    url,
    exclusive: plan.exclusive ? { session: session.id, boundary: name } : undefined,
  });
}

async function ensure(
  session: KeeperSession,
  options: ServerOptions,
  identity: ServerIdentity,
): Promise<EnsuredServer> {
  const startTimeout =
    options.startTimeout ?? Number(process.env.SEAMKIT_START_TIMEOUT ?? startTimeoutDefault);
  const { server, endpoint } = await session.call('/ensure', {
    identity,
    start: { startTimeout, path: process.env.PATH ?? '', from: process.cwd(), env: ourVariables() },
  });
  return { session, key: server, runtime: identity.runtime, endpoint };
}

/** Field by field: a kit may have others of its own there. */
function containerOptions({ container = {} }: ServerOptions): ContainerOptions {
  const { memory, cpus, platform, registry } = container;
  const hubPrefix = process.env.TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX || undefined;
  return { memory, cpus, platform, registry: registry ?? hubPrefix };
}

function ourVariables(): Record<string, string> {
  const ours = Object.entries(process.env).filter(([name]) => name.startsWith('SEAMKIT_'));
  return Object.fromEntries(ours) as Record<string, string>;
}
