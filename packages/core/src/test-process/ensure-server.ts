import type {
  Boundary,
  ContainerOptions,
  Endpoint,
  RuntimeName,
  ServerKit,
  ServerOptions,
} from '../contract';
import { SeamkitError } from '../errors';
import { print } from '../print';
import type { ServerIdentity } from '../protocol/messages';
import { kitVariable, millisecondsOf } from '../variables';
import { chooseRuntime } from './choose-runtime';
import type { KeeperConnection } from './keeper-connection';
import type { KeeperSession } from './keeper-session';

const startTimeoutDefault = 60_000;
/** How many keepers are asked, where one after the other goes away. */
const attempts = 3;

/**
 * ms that a keeper may take to hear that a server ended, after its clients did: of a process at
 * once, of a container when its engine has cleaned up.
 */
const endPatience = { process: 100, container: 1_000, external: 0 };

export type ServerBoundary = Boundary<object> & { kit: ServerKit<ServerOptions, object> };

export interface EnsuredServer {
  session: KeeperSession;
  /** The server's name in the keeper. */
  key: string;
  /** Which of the servers of that name. */
  life: number;
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
    const { key } = await ensureServer(adopted.from as ServerBoundary, keeper, name);
    print('info', `${name}: ${kit.name} as service ${adopted.service}`);
    return ensure(keeper, options, () => ({
      kit: kit.name,
      runtime: 'external', // what a kit may take for granted: no more than of a server by its url
      module: kit.server,
      settings: plan.settings ?? {},
      service: { of: key, name: adopted.service },
    }));
  }
  const { runtime, reason, url } = await chooseRuntime(kit, options);
  const image = options.image ?? kitVariable(kit.name, 'IMAGE');
  const program = kitVariable(kit.name, 'BIN');
  const server = await ensure(keeper, options, (session) => ({
    kit: kit.name,
    runtime,
    module: kit.server,
    version: options.version,
    image: runtime === 'container' ? image : undefined,
    container: runtime === 'container' ? containerOptions(options) : undefined,
    program: runtime === 'process' ? program : undefined,
    settings: plan.settings ?? {},
    url,
    exclusive: plan.exclusive ? { session: session.id, boundary: name } : undefined,
  }));
  const version = server.endpoint.version ?? '';
  const found = runtime === 'process' && !options.version && !program && version;
  const pin = found ? `; to pin it: ${kit.name}({ version: '${majorOf(version)}' })` : '';
  print('info', `${name}: ${`${kit.name} ${version}`.trim()} as ${runtime} (${reason})${pin}`);
  return server;
}

/** What people pin: '17' of 17.5, '3.10' of 3.10.8, '0.9' of 0.9.1. */
function majorOf(version: string): string {
  const [major = '', minor] = version.split('.');
  return minor !== undefined && version.split('.').length > 2 ? `${major}.${minor}` : major;
}

async function ensure(
  keeper: KeeperConnection,
  options: ServerOptions,
  identify: (session: KeeperSession) => ServerIdentity,
): Promise<EnsuredServer> {
  const startTimeout =
    options.startTimeout ?? millisecondsOf('SEAMKIT_START_TIMEOUT', startTimeoutDefault);
  const path = process.env.PATH ?? '';
  const start = { startTimeout, path, from: process.cwd(), env: ourVariables() };
  for (let attempt = 1; ; attempt++) {
    const session = await keeper.session();
    const identity = identify(session);
    try {
      const { server, life, endpoint } = await session.call('/ensure', { identity, start });
      return { session, key: server, life, runtime: identity.runtime, endpoint };
    } catch (error) {
      // A keeper that has just died, or was told to close, is not always known to be gone.
      if (session.alive || attempt === attempts) throw error;
    }
  }
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

/** How the server ended, where it did, or does within `patience` ms. */
export async function endOfServer(
  { session, life, runtime }: EnsuredServer,
  patience = endPatience[runtime],
): Promise<SeamkitError | undefined> {
  // A keeper that is gone has taken the server along, and says nothing.
  const end = await session.call('/ended', { life, patience }).catch(() => null);
  return end ? SeamkitError.fromData(end) : undefined;
}
