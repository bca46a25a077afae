import type { RuntimeName, ServerKit, ServerOptions } from '../contract';
import { SeamkitError } from '../errors';
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
  const prefix = variablePrefix(kit.name);
  const url = options.url ?? process.env[`${prefix}_URL`];
  const forced = forcedRuntime(prefix, options);

  const wanted =
    forced ?? (url ? { runtime: 'external', reason: `${prefix}_URL is set` } : undefined);
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
          hint: `set ${prefix}_URL to the server's url`,
        },
      );
    }
    checkExternalUrl(kit.name, url);
    return {
      runtime: 'external',
      reason: options.url ? 'option url' : `${prefix}_URL is set`,
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
  if (kit.supports.runtimes.includes('process'))
    return { runtime: 'process', reason: container.reason };
  throw new SeamkitError('RUNTIME_UNAVAILABLE', `${kit.name} needs containers or a server's url`, {
    tried: container.tried,
    hint: `${container.next}; or set ${prefix}_URL`,
  });
}

/** What a kit's own environment variables begin with: `SEAMKIT_POSTGRES`. */
export function variablePrefix(kit: string): string {
  return `SEAMKIT_${kit.toUpperCase().replaceAll('-', '_')}`;
}

function forcedRuntime(prefix: string, options: ServerOptions): RuntimeChoice | undefined {
  const names = [`${prefix}_RUNTIME`, 'SEAMKIT_RUNTIME'];
  if (options.runtime) return { runtime: options.runtime, reason: 'option runtime' };
  if (options.url) return { runtime: 'external', reason: 'option url' };
  const name = names.find((name) => process.env[name]);
  if (!name) return undefined;
  const runtime = process.env[name]!;
  if (!['container', 'process', 'external'].includes(runtime)) {
    throw new SeamkitError('OPTION_INVALID', `${name} is '${runtime}'`, {
      hint: 'set it to container, process or external, or take it away',
    });
  }
  return { runtime: runtime as RuntimeName, reason: `${name}=${runtime}` };
}

interface ContainerProbe {
  usable: boolean;
  reason: string;
  tried: string[];
  next: string;
}

/** Whether a container engine answers and Testcontainers is installed for this kit. Takes a few ms. */
export async function containersUsable(kit: { server: string }): Promise<ContainerProbe> {
  try {
    require.resolve('testcontainers', { paths: [kit.server, process.cwd()] });
  } catch {
    const reason = 'testcontainers is not installed';
    return {
      usable: false,
      reason,
      tried: [reason],
      next: 'npm install --save-dev testcontainers@11',
    };
  }
  const { engine, tried, next = 'start Docker, or set DOCKER_HOST' } = await findEngine();
  if (engine) return { usable: true, reason: `an engine answers at ${engine}`, tried, next: '' };
  return { usable: false, reason: 'no container engine answers', tried, next };
}
