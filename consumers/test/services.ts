import { spawnSync } from 'node:child_process';
import type { Service } from './recipe';
import { run } from './stranger';

/** Why there is no container engine here, if so. */
export function noEngine(): string | undefined {
  const { status, stderr, error } = spawnSync('docker', ['version'], { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

/**
 * Starts a job's services as its CI system does, on ports of 127.0.0.1 that are free, and waits for
 * them as it does: for the health check, or for the port. `SEAMKIT_<NAME>_IMAGE` names images for
 * machines without a registry. Resolves to the job's env with these addresses, and to the way to end.
 */
export async function startServices(
  services: readonly Service[],
  env: Record<string, string>,
): Promise<{ env: Record<string, string>; stop(): Promise<void> }> {
  const containers: string[] = [];
  const stop = async () => {
    if (containers.length) await docker('rm', '--force', '--volumes', ...containers);
  };
  try {
    for (const service of services) {
      const id = await start(service);
      containers.push(id);
      for (const port of service.ports) {
        const [address] = (await docker('port', id, String(port))).split('\n');
        const told = `${service.alias ?? '127.0.0.1'}:${port}`;
        env = mapValues(env, (value) => value.replace(told, address!));
      }
    }
    await Promise.all(services.map((service, index) => ready(service, containers[index]!)));
    return { env, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function start({ image, env, ports, options }: Service): Promise<string> {
  const [, name] = image.match(/([^/:]+)(:.*)?$/)!;
  const standIn = process.env[`SEAMKIT_${name!.toUpperCase()}_IMAGE`];
  const settings = Object.entries(env).flatMap((pair) => ['--env', pair.join('=')]);
  const published = ports.flatMap((port) => ['--publish', `127.0.0.1::${port}`]);
  // The options are words for a shell, as they are on GitHub's machines.
  const command = `docker run --detach "$@" ${options} '${standIn ?? image}'`;
  return sh(command, ...settings, ...published);
}

async function ready({ options, ports }: Service, id: string): Promise<void> {
  const check = options.includes('--health-cmd')
    ? `[ "$(docker inspect --format '{{.State.Health.Status}}' ${id})" = healthy ]`
    : ports.map((port) => `docker exec ${id} bash -c '</dev/tcp/127.0.0.1/${port}'`).join(' && ');
  await sh(
    `for _ in $(seq 300); do ${check} 2>/dev/null && exit; sleep 0.1; done; docker logs ${id}; exit 1`,
  );
}

const docker = (...args: string[]) => sh('docker "$@"', ...args);

async function sh(command: string, ...args: string[]): Promise<string> {
  return (await run('/', 'bash', ['-c', command, 'bash', ...args])).trim();
}

function mapValues(
  values: Record<string, string>,
  map: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
