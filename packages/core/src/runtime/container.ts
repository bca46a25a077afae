import { dirname } from 'node:path';
import type { ContainerOptions, StartableContainer, StartedContainer } from '../contract';
import type { Engine, StackContext } from '../contract-stack';
import { SeamkitError } from '../errors';
import { memoryBytes } from '../options';
import { type Ledger, removeContainers } from '../system/ledger';
import { type Looker, refuseForeign } from '../system/owner';
import { answers, endOfContainer, engineEnded, watchEngine } from './ending';
import { connectEngine } from './engine';
import { type Asker, programSearch } from './program-search';
import { hasImage, pullImage } from './pull';
import { runTool } from './run-tool';
import type { ServerStart } from './server-start';

/** What a server in a container may be given by its keeper. */
export interface ContainerRuntime {
  asker: Asker;
  ledger: Ledger;
  owner: string;
  /** The kit's server module, from which Testcontainers is found. */
  module: string;
  options: ContainerOptions;
}

/** The container runtime: servers through Testcontainers, labelled so that they die with the keeper. */
export function containerContext(start: ServerStart, runtime: ContainerRuntime): StackContext {
  const library = once(() => findTestcontainers(runtime.module, runtime.asker));
  const engine = once(async () => {
    const connected = await connectEngine(library());
    start.defer(watchEngine(connected, ({ how, hint }) => start.end(how, hint)));
    return connected;
  });
  const search = programSearch(start, runtime.asker);

  async function pull(image: string, platform?: string): Promise<string> {
    const name = require(library()).ImageName.fromString(image);
    const connected = await engine();
    try {
      if (await hasImage(connected, name.string, platform)) return name.string;
      await start.step(`pulling ${name.string}`, async (progress) => {
        start.tell(`pulling ${name.string}`);
        await pullImage(connected, name, platform, progress);
      });
      return name.string;
    } catch (error) {
      return failedWith(error, connected);
    }
  }

  /** Throws the error of a call to the engine; where that has ended, rather its end. */
  async function failedWith(error: unknown, { client }: Engine): Promise<never> {
    if (await answers(client)) throw error;
    start.end(engineEnded.how, engineEnded.hint);
    return start.failed;
  }

  function own(label: string): void {
    const strike = runtime.ledger.add({ kind: 'containers', label, library: library() });
    start.defer(async () => {
      // Else it stays in the ledger: the engine is away, and the container comes back with it.
      if (await removeContainers(label, library())) strike();
    });
  }

  return {
    ...start.context,
    engine,
    pull,
    own,
    program: search,
    run: (program, args, options) => runTool(start, runtime.ledger, program, args, options),
    ended: (how) => start.end(how),

    async start<Started extends StartedContainer>(
      image: string,
      build: (image: string) => StartableContainer<Started>,
    ): Promise<Started> {
      const { memory, cpus, platform, registry } = runtime.options;
      const name = await pull(fromRegistry(image, registry), platform);
      start.commands.push(`docker run ${name}`);
      start.source = name;
      const label = `seamkit.server=${runtime.owner}-${start.kit}-${process.hrtime.bigint()}`;
      own(label);
      const [key, value] = label.split('=') as [string, string];
      const container = build(name)
        .withLabels({ [key]: value, 'seamkit.owner': runtime.owner, 'seamkit.kit': start.kit })
        .withStartupTimeout(start.deadline.left)
        .withLogConsumer((stream) => start.logLines.follow(stream));
      if (memory !== undefined || cpus !== undefined) {
        const gigabytes = memory === undefined ? undefined : memoryBytes(memory)! / 1024 ** 3;
        container.withResourcesQuota({ memory: gigabytes, cpu: cpus });
      }
      if (platform) container.withPlatform(platform);
      const connected = await engine();
      if (connected.local) {
        publishOnLoopback(container);
        // The leash outlives the keeper here, so Testcontainers' own reaper has nothing to do.
        container.withAutoCleanup(false);
      }
      const started = await container.start().catch((error: Error) => {
        start.log(error.message);
        const code = start.deadline.left > 0 ? 'START_FAILED' : 'START_TIMEOUT';
        const summary = `${start.kit}: the container of ${name} did not start: ${error.message}`;
        return failedWith(start.failure(code, summary), connected);
      });
      start.parts.containers.push(started.getId());
      const made = connected.client.container.dockerode.getContainer(started.getId());
      void endOfContainer(made, `the container of ${name}`).then(({ how, hint }) =>
        start.end(how, hint),
      );
      return started;
    },
  };
}

function once<R>(make: () => R): () => R {
  let made: { value: R } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** An image of Docker Hub from `registry` instead; one that names its registry stays. */
function fromRegistry(image: string, registry: string | undefined): string {
  const [host, ...path] = image.split('/');
  const named = path.length > 0 && /[.:]|^localhost$/.test(host!);
  // Testcontainers sees to its own variable.
  const own = registry === process.env.TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX;
  return named || own || !registry ? image : `${registry.replace(/\/$/, '')}/${image}`;
}

/** By the hook and the field that Testcontainers gives to its modules: it has no method for it. */
function publishOnLoopback(container: StartableContainer<any>): void {
  const module = container as unknown as {
    hostConfig: { PortBindings?: Record<string, { HostIp?: string }[]> };
    beforeContainerCreated?(): Promise<void>;
  };
  const own = module.beforeContainerCreated?.bind(module);
  module.beforeContainerCreated = async () => {
    await own?.();
    for (const bindings of Object.values(module.hostConfig.PortBindings ?? {})) {
      for (const binding of bindings) binding.HostIp = '127.0.0.1';
    }
  };
}

/** @throws SeamkitError `RUNTIME_UNAVAILABLE`, or `FOLDER_UNUSABLE` where it is another user's */
export function findTestcontainers(module: string, looker?: Looker): string {
  let library: string;
  try {
    library = require.resolve('testcontainers', { paths: [dirname(module)] });
  } catch (error) {
    throw new SeamkitError(
      'RUNTIME_UNAVAILABLE',
      'the container runtime needs the package testcontainers',
      {
        hint: 'npm install --save-dev testcontainers@11',
        cause: error,
      },
    );
  }
  refuseForeign([library], looker);
  return library;
}
