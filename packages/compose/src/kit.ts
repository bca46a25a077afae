import {
  type Boundary,
  callersFolder,
  checkOptions,
  defineKit,
  is,
  SeamkitError,
  type ServerKit,
  type ServerModule,
  type ServerOptions,
} from '@seamkit/core';
import { type Composition, readComposition, usualFiles } from './composition';
import type { ServiceMembers, StackMembers } from './members';
import { type ComposeOptions, checks, names, type StackOptions } from './options';
import { connectDriver } from './sandbox';

/** What runs of a Compose file: a boundary itself, and boundaries of its services. */
export interface Stack extends Boundary<StackMembers> {
  /** One service: where it answers, and what it printed. @throws SeamkitError `OPTION_INVALID` where the file has none of that name */
  service(name: string): Boundary<ServiceMembers>;
  /**
   * A kit's boundary whose server is the service: a private sandbox in it, per test file.
   * @throws SeamkitError `OPTION_INVALID` where the file has no such service, or the boundary asks
   * for a server of its own (`version`, `url`, …); `UNSUPPORTED` where its kit cannot take one
   */
  service<Members extends object>(name: string, boundary: Boundary<Members>): Boundary<Members>;
}

const stackBoundary = defineKit<StackOptions, any, any, any>({
  kind: 'server',
  name: 'compose',
  supports: { runtimes: ['container'], prepare: false },
  server: require.resolve('./server'),
  options: { composition: is.record, choice: is.record, service: is.string },
  plan({ composition, choice }) {
    const { files, directory, content, words } = composition;
    return {
      settings: {
        files,
        directory,
        content,
        services: [...(choice.services ?? [])],
        profiles: [...(choice.profiles ?? process.env.COMPOSE_PROFILES?.split(',') ?? [])],
        variables: { ...named(words), ...choice.env },
      },
    };
  },
  driver: connectDriver,
});

/**
 * The services of one or several Compose files: started once for all tests of the workspace, on
 * ports of their own, and gone with the run. A second file overrides the first, as with
 * `docker compose -f`. Default: the files that `docker compose` would take in the folder of the package that calls, where relative paths begin.
 *
 * @throws SeamkitError `OPTION_INVALID` (options; a file that is missing or no Compose file). At the
 * start: `RUNTIME_UNAVAILABLE` (no engine), `BINARY_NOT_FOUND` (no Docker Compose), `UNSUPPORTED`
 * (what cannot be kept apart), `DOWNLOAD_FAILED` (images), `START_FAILED`, `START_TIMEOUT`
 */
export function compose(files?: string | readonly string[], options: ComposeOptions = {}): Stack {
  const paths = files === undefined ? usualFiles(callersFolder(compose)) : [files].flat();
  if (paths.length === 0 || !names.accepts(paths)) {
    throw new SeamkitError('OPTION_INVALID', 'compose() takes the path of a Compose file', {
      hint: "write compose('docker-compose.yml')",
    });
  }
  checkOptions('compose', options as {}, checks);
  const composition = readComposition(paths, callersFolder(compose));
  for (const name of options.services ?? []) checkService(composition, name);
  const { startTimeout, runtime } = options;
  const stackOptions: StackOptions = { composition, choice: options, startTimeout, runtime };
  const stack: Boundary<StackMembers> = stackBoundary(stackOptions);

  function service(name: string, boundary?: Boundary<any>): Boundary<any> {
    checkService(composition, name);
    if (!boundary) return stackBoundary({ ...stackOptions, service: name });
    const kit = adopting(name, boundary);
    // A container whatever else the kit could be given, with the password that the file says.
    const supports = { ...kit.supports, runtimes: ['container'] as const, password: false };
    return { ...boundary, kit: { ...kit, supports }, adopted: { from: stack, service: name } };
  }
  return { ...stack, service };
}

/** The environment's variables that the files name. Others would make another stack of the same files. */
function named(words: ReadonlySet<string>): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => words.has(name));
  return Object.fromEntries(entries) as Record<string, string>;
}

function checkService({ services, files }: Composition, name: string): void {
  if (!services || services.includes(name)) return;
  throw new SeamkitError(
    'OPTION_INVALID',
    `compose(): ${files.join(', ')} has no service '${name}'`,
    {
      hint: services.length ? `use one of: ${services.join(', ')}` : 'add services to the file',
    },
  );
}

/** The kit of a boundary, if its server can be a service. */
function adopting(name: string, { kit, options, plan }: Boundary<any>): ServerKit<any, any> {
  if (kit.kind !== 'server' || !kit.supports.runtimes.includes('external') || !canAdopt(kit)) {
    throw new SeamkitError(
      'UNSUPPORTED',
      `service '${name}' cannot be a ${kit.name} boundary: that kit has no server`,
      {
        hint: `take its url from stack.service('${name}') instead`,
      },
    );
  }
  if (plan.exclusive) {
    throw new SeamkitError('UNSUPPORTED', `service '${name}' is shared by all test files`, {
      hint: `give ${kit.name} an exclusive server of its own, outside of the stack`,
    });
  }
  const { runtime, ...rest } = options as ServerOptions;
  const decided = (['url', 'version', 'image', 'container'] as const).filter(
    (option) => rest[option] !== undefined,
  );
  if (decided.length || (runtime ?? 'container') !== 'container') {
    const option = decided[0] ?? 'runtime';
    throw new SeamkitError(
      'OPTION_INVALID',
      `service '${name}': ${kit.name}() has the option '${option}'`,
      {
        hint: 'take it away: the Compose file says what the service is',
      },
    );
  }
  return kit;
}

function canAdopt(kit: ServerKit<any, any>): boolean {
  return (require(kit.server) as { server: ServerModule }).server.adopt !== undefined;
}
