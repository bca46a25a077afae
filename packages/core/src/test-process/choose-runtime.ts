import type { RuntimeName, ServerKit, ServerOptions } from '../contract';
import { checkProtocol } from '../define-kit';
import { SeamkitError } from '../errors';
import { print } from '../print';
import { foreign } from '../system/owner';
import { kitVariable, kitVariableName, variable } from '../variables';
import { checkExternalUrl } from './external-host';
import { findEngine } from './find-engine';

export interface RuntimeChoice {
  runtime: RuntimeName;
  /** One phrase, for the log. */
  reason: string;
  /** The external server's. */
  url?: string;
}

/**
 * The runtime of a kit's server: what is forced, else external where a url is set, else containers
 * where an engine answers and testcontainers is installed, else processes.
 * @throws SeamkitError `RUNTIME_UNAVAILABLE`, `URL_INVALID`, `OPTION_INVALID`, `HOST_REFUSED`
 */
export async function chooseRuntime(
  kit: ServerKit<any, any, any, any>,
  options: ServerOptions,
): Promise<RuntimeChoice> {
  const urlName = kitVariableName(kit.name, 'URL');
  const url = options.url ?? kitVariable(kit.name, 'URL');
  const forced = forcedRuntime(kit.name, options);

  const wanted = forced ?? (url ? { runtime: 'external', reason: `${urlName} is set` } : undefined);
  if (wanted && !kit.supports.runtimes.includes(wanted.runtime as RuntimeName)) {
    throw new SeamkitError(
      'RUNTIME_UNAVAILABLE',
      `${kit.name} has no ${wanted.runtime} runtime (${wanted.reason})`,
      { hint: `choose one of: ${kit.supports.runtimes.join(', ')}` },
    );
  }
  if (forced ? forced.runtime === 'external' : url) {
    if (!url) {
      throw new SeamkitError(
        'RUNTIME_UNAVAILABLE',
        `${kit.name}: external needs a url (${forced!.reason})`,
        {
          hint: `set ${urlName} to the server's url`,
        },
      );
    }
    checkExternalUrl(kit.name, url);
    checkProtocol(kit, url);
    return {
      runtime: 'external',
      reason: options.url ? 'option url' : `${urlName} is set`,
      url,
    };
  }
  if (forced?.runtime === 'process') return forced;

  const container = await containersUsable(kit);
  if (forced) {
    if (container.usable) return forced;
    throw new SeamkitError(
      'RUNTIME_UNAVAILABLE',
      `${kit.name}: no containers here (${forced.reason})`,
      {
        tried: container.tried,
        hint: `${container.next}; or run without containers: SEAMKIT_RUNTIME=process`,
      },
    );
  }
  if (container.usable) return { runtime: 'container', reason: container.reason };
  if (kit.supports.runtimes.includes('process')) {
    if (container.denied) warnOnce(container);
    return { runtime: 'process', reason: container.reason };
  }
  throw new SeamkitError('RUNTIME_UNAVAILABLE', `${kit.name} needs containers or a server's url`, {
    tried: container.tried,
    hint: `${container.next}; or set ${urlName}`,
  });
}

let warned = false;

/** Who has an engine may think that it is used. */
function warnOnce({ reason, next }: ContainerProbe): void {
  if (warned) return;
  warned = true;
  print(
    'warn',
    `${reason}, so servers run as processes: ${next}; or choose: SEAMKIT_RUNTIME=process`,
  );
}

function forcedRuntime(kit: string, options: ServerOptions): RuntimeChoice | undefined {
  if (options.runtime) return { runtime: options.runtime, reason: 'option runtime' };
  if (options.url) return { runtime: 'external', reason: 'option url' };
  const own = kitVariable(kit, 'RUNTIME');
  const runtime = own ?? variable('SEAMKIT_RUNTIME');
  if (!runtime) return undefined;
  const name = own ? kitVariableName(kit, 'RUNTIME') : 'SEAMKIT_RUNTIME';
  return { runtime: runtime as RuntimeName, reason: `${name}=${runtime}` };
}

interface ContainerProbe {
  usable: boolean;
  /** There is an engine, which this user may not use. */
  denied?: boolean;
  reason: string;
  tried: string[];
  next: string;
}

/** Whether a container engine answers and Testcontainers is installed for this kit. Takes a few ms. */
export async function containersUsable(kit: { server: string }): Promise<ContainerProbe> {
  let library: string | undefined;
  try {
    library = require.resolve('testcontainers', { paths: [kit.server, process.cwd()] });
  } catch {
    // Said below.
  }
  const anothers = library && foreign(library)?.reason;
  if (!library || anothers) {
    const reason = anothers ?? 'testcontainers is not installed';
    return {
      usable: false,
      reason,
      tried: [reason],
      next: 'npm install --save-dev testcontainers@11',
    };
  }
  const found = await findEngine();
  const { engine, denied, tried, next = 'start Docker, or set DOCKER_HOST' } = found;
  if (engine) return { usable: true, reason: `an engine answers at ${engine}`, tried, next: '' };
  if (!denied) return { usable: false, reason: 'no container engine answers', tried, next };
  return { usable: false, denied: true, reason: `no permission for ${denied}`, tried, next };
}
