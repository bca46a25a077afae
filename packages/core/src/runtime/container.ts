import { dirname } from 'node:path';
import type { ContainerContext, StartableContainer, StartedContainer } from '../contract';
import { SeamkitError } from '../errors';
import { type Ledger, removeContainers } from '../keeper/ledger';
import type { ServerStart } from './server-start';

/** What a server in a container may be given by its keeper. */
export interface ContainerRuntime {
  ledger: Ledger;
  owner: string;
  /** The kit's server module, from which Testcontainers is found. */
  module: string;
}

/** The container runtime: servers through Testcontainers, labelled so that they die with the keeper. */
export function containerContext(start: ServerStart, runtime: ContainerRuntime): ContainerContext {
  return {
    ...start.context,

    async start<Started extends StartedContainer>(
      image: string,
      container: StartableContainer<Started>,
    ): Promise<Started> {
      const library = findTestcontainers(runtime.module);
      const { getContainerRuntimeClient, ImageName } = require(library);
      const client = await getContainerRuntimeClient();
      const name = ImageName.fromString(image);
      start.commands.push(`docker run ${image}`);
      start.source = image;
      if (!(await client.image.exists(name))) await pull(client, name, image);

      const label = `seamkit.server=${runtime.owner}-${start.kit}-${process.hrtime.bigint()}`;
      const strike = runtime.ledger.add({ kind: 'containers', label, library });
      start.defer(async () => {
        await removeContainers(label, library);
        strike();
      });
      const [key, value] = label.split('=') as [string, string];
      const started = await container
        .withLabels({ [key]: value, 'seamkit.owner': runtime.owner, 'seamkit.kit': start.kit })
        .withStartupTimeout(start.deadline.left)
        .withLogConsumer((stream) => start.logLines.follow(stream))
        .start()
        .catch((error: Error) => {
          start.log(error.message);
          const code = start.deadline.left > 0 ? 'START_FAILED' : 'START_TIMEOUT';
          throw start.failure(
            code,
            `${start.kit}: the container of ${image} did not start: ${error.message}`,
          );
        });
      client.container.dockerode
        .getContainer(started.getId())
        .wait()
        .then(
          ({ StatusCode }: { StatusCode: number }) =>
            start.end(`the container of ${image} ended with exit code ${StatusCode}`),
          () => start.end(`the container of ${image} is gone`),
        );
      return started;
    },
  };

  async function pull(client: any, name: unknown, image: string): Promise<void> {
    await start.step(`pulling ${image}`, async () => {
      start.tell(`pulling ${image}`);
      try {
        await client.image.pull(name);
      } catch (error) {
        throw SeamkitError.wrap(
          error,
          'DOWNLOAD_FAILED',
          `${start.kit}: ${image} cannot be pulled`,
          {
            hint: `try: docker pull ${image}; or run without containers: SEAMKIT_RUNTIME=process`,
          },
        );
      }
    });
  }
}

/** @throws SeamkitError `RUNTIME_UNAVAILABLE` */
export function findTestcontainers(module: string): string {
  try {
    return require.resolve('testcontainers', { paths: [dirname(module)] });
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
}
