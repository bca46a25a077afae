import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { SeamkitError, type ServerModule, type StackContext } from '@seamkit/core';
import { composeEnvironment, findCompose } from './cli';
import { Containers } from './containers';
import { type ImageFacts, isolate, type Project, portsOf, publish } from './isolate';

/** What `kit.ts` settles. */
interface StackSettings {
  files: string[];
  directory: string;
  services: string[];
  profiles: string[];
  variables: Record<string, string>;
}

const lookInterval = 100;

/** One Compose project, whose every container, network and volume has its label. */
export const server: ServerModule = {
  async container({ settings }, ctx: StackContext) {
    const { files, directory, services, profiles, variables } =
      settings as unknown as StackSettings;
    const { client, local } = await ctx.engine();
    const program = await findCompose(ctx);
    const name = `seamkit-${randomBytes(6).toString('hex')}`;
    const env = composeEnvironment(variables, client.container.dockerode.modem);
    const base = ['--ansi', 'never', '--project-name', name, '--project-directory', directory];
    const run = (args: string[], project?: Project, onLine?: (line: string) => void) =>
      ctx.run(program, [...base, ...args], {
        cwd: directory,
        env,
        input: project && JSON.stringify(project),
        onLine,
      });

    const config = await run([
      ...files.flatMap((file) => ['--file', file]),
      ...profiles.flatMap((profile) => ['--profile', profile]),
      ...['config', '--format', 'json', ...services],
    ]);
    const isolated = isolate(JSON.parse(config) as Project, directory);
    const stdin = ['--file', '-'];
    const built = Object.keys(isolated.services).filter((one) => isolated.services[one]!.build);
    if (built.length) {
      await ctx.step(`building ${built.join(', ')}`, async (progress) => {
        progress('begun');
        await run([...stdin, 'build', ...built], isolated, ctx.log);
      });
    }
    const images = await obtainImages(isolated, ctx);
    const address = local ? '127.0.0.1' : undefined;
    const ports = Object.fromEntries(
      Object.entries(isolated.services).map(([one, service]) => [
        one,
        portsOf(service, images[one]!),
      ]),
    );
    const published = Object.fromEntries(
      Object.entries(isolated.services).map(([one, service]) => [
        one,
        publish(service, images[one]!, address),
      ]),
    );

    const label = `com.docker.compose.project=${name}`;
    const { host } = client.info.containerRuntime;
    const containers = new Containers(ctx, client, label, host, ports);
    ctx.own(label);
    let up = false;
    const started = run([...stdin, 'up', '--detach', '--no-build'], {
      ...isolated,
      services: published,
    }).then(() => {
      up = true;
    });
    const ready = ctx.ready(async () => {
      await delay(lookInterval);
      return (await containers.look()) && up;
    });
    try {
      await Promise.race([containers.failure, Promise.all([started, ready])]);
    } catch (error) {
      throw await containers.explain(error);
    }
    return { url: `compose://${host}/${name}`, services: await containers.facts() };
  },
};

/** Pulls what is missing, and reads what the images declare, by service. */
async function obtainImages(
  { services }: Project,
  ctx: StackContext,
): Promise<{ [service: string]: ImageFacts }> {
  const { client } = await ctx.engine();
  const facts = await Promise.all(
    Object.entries(services).map(async ([name, service]) => {
      if (!service.image) {
        throw new SeamkitError('OPTION_INVALID', `service '${name}' has neither image nor build`, {
          hint: 'see what is wrong with the file: docker compose config',
        });
      }
      if (!service.build) service.image = await ctx.pull(service.image, service.platform);
      const { Config } = await client.container.dockerode.getImage(service.image).inspect();
      return [name, declared(Config)] as const;
    }),
  );
  return Object.fromEntries(facts);
}

function declared(config: { ExposedPorts?: object | null; Volumes?: object | null }): ImageFacts {
  const ports = Object.keys(config.ExposedPorts ?? {})
    .filter((port) => !port.endsWith('/udp'))
    .map((port) => Number.parseInt(port, 10));
  return { ports, volumes: Object.keys(config.Volumes ?? {}) };
}
